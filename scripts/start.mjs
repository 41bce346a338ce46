/** `npm start [-- ARGUMENTS…]`: builds what the main job needs (nothing, the second time) and runs it. */
import process from 'node:process';
import { run, runTurbo } from './processes.mjs';

const built = await runTurbo(['run', 'build', '--filter=@omnipaw/codebase-swarm', '--output-logs=errors-only']);
process.exitCode =
  built === 0 ? await run(process.execPath, ['apps/codebase-swarm/dist/main.js', ...process.argv.slice(2)]) : built;
