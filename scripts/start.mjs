/** `npm start [-- ARGUMENTS…]`: builds what the main job needs (nothing, the second time) and runs it. */
import { run, runTurbo } from './processes.mjs';

const APP = 'apps/codebase-swarm';

const built = await runTurbo(['run', 'build', `--filter=./${APP}`, '--output-logs=errors-only']);
process.exitCode = built === 0 ? await run(process.execPath, [`${APP}/dist/main.js`, ...process.argv.slice(2)]) : built;
