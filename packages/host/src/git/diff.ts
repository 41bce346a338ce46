import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { OutputWindow, textOfOutput } from '../system/index.js';
import type { Git } from './git.js';
import { paths, pathspecs, revision } from './schemas.js';

export interface DiffArguments {
  /** The commit to compare with; what is in the index unless given. */
  readonly from?: string;
  /** The commit that is compared; the files as they are unless given. */
  readonly to?: string;
  /** Only these; all unless given. */
  readonly paths?: readonly string[];
}

export interface DiffResult {
  /** A unified diff. */
  readonly diff: string;
  /** How much was cut out of the middle; null if nothing was. */
  readonly truncated: { readonly code: 'OUTPUT_TRUNCATED'; readonly bytes: number } | null;
}

const MAX_DIFF_BYTES = 256 * 1024;

/** Tells the differences between two commits, or a commit and the files. Throws `PATH_REFUSED` and what git's tools throw. */
export function diffTool(name: string, git: Git): Tool<DiffArguments, DiffResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Tells the differences between two commits, or between a commit and the files.',
    input: argumentsOf(
      v.pipe(
        fields({ from: v.exactOptional(revision), to: v.exactOptional(revision), paths: v.exactOptional(paths) }),
        v.forward(v.check(({ from, to }) => from !== undefined || to === undefined, 'must have a from, with which it is compared'), ['to']),
      ),
    ),
    idempotent: true,
    timeoutMs: 90_000,
    run: async ({ from, to, paths = [] }, { signal }): Promise<DiffResult> => {
      const commits = [from, to].filter((commit) => commit !== undefined);
      const what = ['--ignore-submodules=all', ...commits, ...(paths.length === 0 ? ['--'] : pathspecs(paths))];
      // Of two commits as well: git reads a file for an object that it takes it to be equal to.
      await git.confine(await git.names(['diff', '--no-ext-diff', '--name-only', '-z', '--no-renames', '--no-relative', ...what], signal));
      const args = ['diff', '--no-ext-diff', '--no-textconv', '--no-color', '--no-relative', ...what];
      const window = new OutputWindow(MAX_DIFF_BYTES);
      window.add(Buffer.from(await git.text(args, signal)));
      const captured = window.captured();
      return { diff: textOfOutput(captured), truncated: captured.cutBytes === 0 ? null : { code: 'OUTPUT_TRUNCATED', bytes: captured.cutBytes } };
    },
  });
}
