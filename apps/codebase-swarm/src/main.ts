/** What `npm start` runs: options in, a swarm at work, a summary and an exit code out. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OmniError } from '@omnipaw/kernel';
import { TelemetryProvider } from '@omnipaw/otel/sdk';
import { accountOf } from './run/account.js';
import { LOG_FOLDER, prepareDirectories } from './run/directories.js';
import { isWatched, openDashboard, untilStopped } from './run/live.js';
import { HELP, parseOptions, type Options } from './run/options.js';
import { exitCodeOf, summarise, type RunOutcome } from './run/summary.js';
import { startSwarm, type Swarm } from './run/swarm.js';
import { UsageError } from './run/usage-error.js';
import { reportText } from './terminal/report.js';
import { openScreen } from './terminal/screen.js';
import { styleFor } from './terminal/style.js';
import { whereGitRuns } from './tools/runner.js';

/** Both of `src/` and of `dist/`. */
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  // Whoever reads the output may stop reading; the work goes on to its end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    const options = parseOptions(args);
    if (!options.help) return await run(options);
    process.stdout.write(HELP);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof UsageError || thrown instanceof OmniError)) throw thrown;
    process.stderr.write(`codebase-swarm: ${thrown.message}\n`);
    return thrown instanceof UsageError ? 2 : 1;
  }
}

async function run(options: Options): Promise<number> {
  const startedAt = new Date();
  const directories = await prepareDirectories(options.path ?? REPOSITORY, options.out, startedAt);
  const terminal = options.json ? process.stderr : process.stdout;
  const style = styleFor(terminal, process.env);
  const where = whereGitRuns();
  terminal.write(`${style.bold('codebase-swarm')} reads ${directories.source.root}${where === undefined ? '' : `; ${where}`}\n\n`);
  const dashboard = isWatched(options, terminal) ? await openDashboard(path.join(directories.output.root, LOG_FOLDER)) : undefined;
  if (typeof dashboard === 'string') terminal.write(`There is no dashboard: ${dashboard}\n\n`);
  else if (dashboard !== undefined) terminal.write(`See it live: ${dashboard.url}\n\n`);
  const screen = openScreen(terminal, style);
  const { agents, fix, check = null } = options;
  const telemetry = TelemetryProvider.start();
  const swarm = await startSwarm(directories, { agents, fix, check, telemetry, watch: (entry) => { screen.show(entry); } });
  const ending = await untilItEnds(swarm);
  screen.close();
  const account = await accountOf(path.join(directories.output.root, 'log'), swarm.head());
  const summary = summarise({ directories, ending, account, elapsedMs: Date.now() - startedAt.getTime() });
  terminal.write(reportText(summary, style));
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  await telemetry?.shutdown();
  if (typeof dashboard === 'object') {
    if (ending.outcome !== 'stopped') {
      terminal.write(`\nThe dashboard stays until Ctrl-C: ${dashboard.url}\n`);
      await untilStopped();
    }
    await dashboard.close();
  }
  return exitCodeOf(ending, account);
}

/** Waits for the swarm or for a signal, whichever comes first, and closes the log. */
async function untilItEnds(swarm: Swarm): Promise<RunOutcome> {
  let signal: NodeJS.Signals | undefined;
  const stop = (received: NodeJS.Signals): void => {
    signal = received;
    // A second one ends the process at once, as it would any other.
    void swarm.stop();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.once(name, stop);
  const ending = await swarm.result.then(
    (report): RunOutcome => ({ outcome: 'completed', report }),
    (thrown: unknown): RunOutcome => (signal === undefined ? { outcome: 'failed', error: describe(thrown) } : { outcome: 'stopped', signal }),
  );
  await swarm.stop();
  for (const name of signals) process.off(name, stop);
  return ending;
}

function describe(thrown: unknown): { readonly code: string; readonly message: string } {
  if (thrown instanceof OmniError) return { code: thrown.code, message: thrown.message };
  return { code: 'UNKNOWN', message: thrown instanceof Error ? thrown.message : String(thrown) };
}
