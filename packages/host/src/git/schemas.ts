import * as v from 'valibot';
import { partsOf } from '../paths/relative-path.js';
import { path } from '../schemas/values.js';

/** Paths after `--`; each judged as those of files are. */
export const paths = v.pipe(v.array(path), v.maxLength(500));

/** A commit: a name, or what git calls a revision; never an option. */
export const revision = v.pipe(v.string(), v.maxLength(200), v.regex(/^[A-Za-z0-9_@][A-Za-z0-9_./@{}^~-]*$/, 'must name a commit: a hash, a branch, HEAD~2'));

/** The paths as git gets them, each for itself and no pattern; throws `PATH_REFUSED`. */
export function pathspecs(asked: readonly string[]): readonly string[] {
  for (const path of asked) partsOf(path);
  return asked.length === 0 ? [] : ['--', ...asked.map((path) => `:(literal)${path}`)];
}
