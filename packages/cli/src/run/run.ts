/**
 * `omnipaw run`: one agent of a program, from spawn to result.
 *
 * The kernel is stopped, and with it the log closed, on every way out; only then anything is said to be done.
 */
import { OmniError, type AgentDefinition, type OmniKernel, type SpawnOptions, type Tool } from '@omnipaw/kernel';
import { Stopping } from '../calls/stopping.js';
import { EXIT, isVerbose } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { withPlugins, type Equipped, type PluginOptions } from '../plugins/load-plugins.js';
import { hasNotEnded } from '../resume/left.js';
import type { Session } from '../session.js';
import { EXIT_AFTER_SIGNAL } from '../signals.js';
import { LiveLine } from '../terminal/live-line.js';
import { durationText, shellWord } from '../terminal/printable.js';
import { boot } from './boot.js';
import { chooseAgent, definitionsIn } from './definitions.js';
import { diverted } from './divert.js';
import { readInput } from './input.js';
import { loadProgram } from './load-program.js';
import { reportRun, type RunReport } from './report.js';
import { RunTally } from './tally.js';

export interface RunOptions extends PluginOptions {
  readonly agent?: string;
  readonly input?: string;
  readonly log: string;
  readonly grant?: readonly string[];
  /** The file of the private key to sign the log with. */
  readonly sign?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export async function run(file: string, options: RunOptions, session: Session): Promise<number> {
  const { host } = session;
  assertLogDirectory(options.log);
  const input = await readInput(options.input, host.stdin);
  const report = await diverted(host, async () => {
    const own = definitionsIn(await loadProgram(file));
    return withPlugins({ own, options, session }, async ({ definitions, pluginAgents }) => {
      const agent = chooseAgent(definitions, file, options.agent);
      const kernel = await boot(definitions, { file, log: options.log, ...(options.sign === undefined ? {} : { sign: options.sign }), recover: false }, session).catch((thrown: unknown) => { throw needsResume(thrown, file, options); });
      return runAgent(kernel, { agent, spawn: spawnOptions(agent, pluginAgents, options), input, tools: definitions.tools, options, session });
    });
  });
  const { log, sign, json = false } = options;
  await reportRun(report, { ...session, file, log, sign, json, isVerbose: isVerbose(options, host) });
  if (report.stoppedBy !== undefined) return EXIT_AFTER_SIGNAL[report.stoppedBy];
  return report.outcome.ok ? EXIT.ok : EXIT.failed;
}

/** An agent of a plugin has what its manifest gives it, too: that is the plugin's own, and what the plugin was granted. */
function spawnOptions(agent: AgentDefinition, pluginAgents: Equipped['pluginAgents'], { grant = [] }: RunOptions): SpawnOptions {
  const brought = pluginAgents.find(({ definition }) => definition === agent);
  return brought === undefined ? { grants: grant } : { grants: [...brought.grants, ...grant], quota: brought.quota };
}

/** Says how on the command line, too. */
function needsResume(thrown: unknown, file: string, { log }: RunOptions): unknown {
  if (!(thrown instanceof OmniError) || thrown.code !== 'LOG_NEEDS_RECOVERY') return thrown;
  const { code, message, details } = thrown;
  const command = `omnipaw resume ${shellWord(file)} --log ${shellWord(log)}`;
  return new OmniError(code, `${message} To resume them: ${command}`, { ...(details === undefined ? {} : { details }), cause: thrown });
}

interface RunRequest {
  readonly agent: AgentDefinition;
  readonly spawn: SpawnOptions;
  readonly input: unknown;
  readonly tools: readonly Tool[];
  readonly options: RunOptions;
  readonly session: Session;
}

async function runAgent(kernel: OmniKernel, { agent, spawn, input, tools, options, session }: RunRequest): Promise<RunReport> {
  const startedAtMs = performance.now();
  const tally = new RunTally();
  kernel.subscribe((entry) => tally.add(entry));
  const elapsedText = (): string => durationText(performance.now() - startedAtMs);
  const live = new LiveLine(session.host.stderr, () => `${agent.type}: ${elapsedText()}, ${tally.liveText}`);
  const stopping = new Stopping(kernel, tools, session);
  try {
    const handle = kernel.spawn(agent, input, spawn);
    const outcome = await handle.result().then(
      (result) => ({ ok: true, result }) as const,
      (error: unknown) => ({ ok: false, error }) as const,
    );
    await stopping.stop();
    const wasStopped = !outcome.ok && (outcome.error as { code?: unknown }).code === 'KERNEL_STOPPED';
    return {
      agent: handle.id,
      hasInput: options.input !== undefined,
      outcome,
      stoppedBy: wasStopped ? stopping.signal : undefined,
      tally,
      left: kernel.snapshot().agents.filter(hasNotEnded),
      cutOff: stopping.calls(),
      head: kernel.head,
      entries: kernel.entryCount,
      elapsedText: elapsedText(),
    };
  } finally {
    live.stop();
    stopping.dispose();
    await kernel.stop();
  }
}
