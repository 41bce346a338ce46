/** `npm start [-- ARGUMENTS…]`: builds what the main job needs (nothing, the second time) and runs it. */
import { join } from 'node:path';
import { ROOT, run, runTurbo } from './processes.mjs';

const APP = 'apps/codebase-swarm';
/** Standard output belongs to the job: what it prints there with --json is all that may stand there. */
const ON_STANDARD_ERROR = { stdio: ['inherit', process.stderr, 'inherit'] };

const built = await runTurbo(['run', 'build', `--filter=./${APP}`, '--output-logs=errors-only'], ON_STANDARD_ERROR);
// npm runs scripts at the top of the workspace, but the paths that people give are seen from where they are.
const cwd = process.env.INIT_CWD ?? ROOT;
process.exitCode = built === 0 ? await run(process.execPath, [join(ROOT, APP, 'dist/main.js'), ...process.argv.slice(2)], { cwd }) : built;
