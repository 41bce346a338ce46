import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.js';

export interface Options {
  /** The tree to read; the sources of this repository unless given. */
  readonly path: string | undefined;
  /** Where the results go; a new directory in `.omnipaw/runs` unless given. */
  readonly out: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

export const HELP = `Usage: npm start -- [options]

Three agents go through a code base: one finds the TODO, FIXME, HACK and XXX
comments, one ranks them, and one writes a patch that gives each an id that
stays, and a register of them all. The code base itself is not written to.

  --path DIR   the code base (default: the sources of this repository)
  --out DIR    where log, workspace, changes.patch and TODO.md go
               (default: a new directory in .omnipaw/runs)
  --json       one JSON summary on standard output, and nothing else there
  --once       end when the job is done, as it does anyway
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
        json: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { path, out, json, help } = values;
    if (path === '' || out === '') throw new UsageError('--path and --out name a directory; found an empty text.');
    return { path, out, json, help };
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    const [firstSentence = ''] = (thrown as Error).message.split(/\.\s|\n/);
    throw new UsageError(`${firstSentence}. Options: --path DIR, --out DIR, --json, --once, --help.`);
  }
}
