import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.js';

export interface Options {
  /** The tree to read; the sources of this repository unless given. */
  readonly path: string | undefined;
  /** Where the results go; a new directory in `.omnipaw/runs` unless given. */
  readonly out: string | undefined;
  /** How many agents read, and how many patch. */
  readonly agents: number;
  /** Whether what can be fixed mechanically is fixed. */
  readonly fix: boolean;
  /** A command that tells whether the code base is in order. */
  readonly check: string | undefined;
  readonly json: boolean;
  /** Whether to show the run in a browser, also where no terminal is looked at. */
  readonly dashboard: boolean;
  /** Whether to end when the job is done, also where somebody may still look. */
  readonly once: boolean;
  readonly help: boolean;
}

export const HELP = `Usage: npm start -- [options]

Agents go through a code base. Readers find the TODO, FIXME, HACK and XXX
comments, and what can be fixed mechanically: imports that nothing uses, "var",
loose equality. A planner ranks it, patchers change copies of the files, a jury
votes on each changed file, and what it accepts becomes a patch, with a register
of all comments. The code base itself is not written to.

  --path DIR   the code base (default: the sources of this repository)
  --out DIR    where log, workspace, changes.patch and TODO.md go
               (default: a new directory in .omnipaw/runs)
  --agents N   how many agents read, and how many patch (default: 3)
  --check CMD  a command, such as "npm test", that has a vote as well: it runs
               in a copy of the code base, with the changes and without
  --no-fixes   give ids to comments, and change nothing else
  --json       one JSON summary on standard output, and nothing else there
  --once       end when the job is done; on a terminal there is a dashboard
               otherwise, live in a browser, which stays until Ctrl-C
  --dashboard  the dashboard, also where output is no terminal
  --help       this text

Exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C.
`;

/** Throws a UsageError for what is no option. */
export function parseOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        path: { type: 'string' },
        out: { type: 'string' },
        agents: { type: 'string', default: '3' },
        check: { type: 'string' },
        'no-fixes': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        dashboard: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { path, out, check, json, dashboard, once, help } = values;
    if (dashboard && once) throw new UsageError('--dashboard stays until Ctrl-C, and --once does not: name one of them.');
    if (path === '' || out === '') throw new UsageError('--path and --out name a directory; found an empty text.');
    if (check?.trim() === '') throw new UsageError('--check names a command; found an empty text.');
    return { path, out, agents: agentsIn(values.agents), fix: !values['no-fixes'], check, json, dashboard, once, help };
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    const [firstSentence = ''] = (thrown as Error).message.split(/\.\s|\n/);
    throw new UsageError(`${firstSentence}. Options: --path DIR, --out DIR, --agents N, --check CMD, --no-fixes, --json, --once, --dashboard, --help.`);
  }
}

const MAX_AGENTS = 1_000;

function agentsIn(text: string): number {
  const agents = /^\d+$/.test(text) ? Number(text) : NaN;
  if (agents >= 1 && agents <= MAX_AGENTS) return agents;
  throw new UsageError(`--agents takes a whole number from 1 to ${MAX_AGENTS}; found ${JSON.stringify(text)}.`);
}
