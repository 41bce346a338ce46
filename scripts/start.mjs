/** `npm start [-- ARGUMENTS…]`: builds what the main job needs (nothing, the second time) and runs it. */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ROOT, run, runTurbo } from './processes.mjs';

const APP = 'apps/codebase-swarm';
const MAIN = join(ROOT, APP, 'dist/main.js');

process.exitCode = (await build()) ?? (await start());

/** The exit code to end with, or undefined if there is something to run. Standard output belongs to the job. */
async function build() {
  let stoppedBy;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => (stoppedBy ??= signal));
  let output = '';
  let isBuilding = false;
  const onOutput = (text) => {
    output += text;
    if (isBuilding || !/cache (miss|bypass)/.test(output)) return;
    isBuilding = true;
    console.error('Building …');
  };
  const code = await runTurbo(['run', 'build', `--filter=./${APP}`, '--output-logs=new-only'], { onOutput });
  if (stoppedBy !== undefined) {
    console.error(`Stopped by ${stoppedBy} during the build.`);
    return 128 + constants.signals[stoppedBy];
  }
  if (code !== 0) {
    process.stderr.write(output);
    return code;
  }
  if (existsSync(MAIN)) return undefined;
  console.error(`The build has left no ${APP}/dist/main.js: run "npm run build -- --force".`);
  return 1;
}

function start() {
  // npm runs scripts at the top of the workspace, but the paths that people give are seen from where they are.
  const cwd = process.env.INIT_CWD ?? ROOT;
  return run(process.execPath, [MAIN, ...process.argv.slice(2)], { cwd });
}
