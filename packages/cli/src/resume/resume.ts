/** `omnipaw resume`: the agents of a log that have not ended, taken up where they were. */
import { OmniError, type OmniKernel } from '@omnipaw/kernel';
import { callLines, openCallsOf, unrepeatable, unrepeatableText, type OpenCall } from '../calls/open-calls.js';
import { assertDecided, settleCalls, settlementsIn, type UnknownOutcomeOptions } from '../calls/settlements.js';
import { EXIT, isVerbose, UsageError } from '../failure.js';
import { withPlugins, type PluginOptions } from '../plugins/load-plugins.js';
import { changedPlugins } from '../plugins/origins.js';
import { boot } from '../run/boot.js';
import { definitionsIn, type Definitions } from '../run/definitions.js';
import { diverted } from '../run/divert.js';
import { loadProgram } from '../run/load-program.js';
import type { Session } from '../session.js';
import { EXIT_AFTER_SIGNAL } from '../signals.js';
import { listText, shellWord } from '../terminal/printable.js';
import { goOn, type GoOnReport } from './go-on.js';
import { agentsLeftIn, type Left } from './left.js';
import { hasSucceeded, reportGoOn, reportNothingLeft, type Audience } from './report.js';

export interface ResumeOptions extends UnknownOutcomeOptions, PluginOptions {
  readonly log: string;
  /** The one agent to wait for; all of them unless given. */
  readonly agent?: string;
  /** The file of the private key to sign the log with. */
  readonly sign?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** A program that was loaded. */
export interface Loaded {
  readonly file: string;
  readonly definitions: Definitions;
}

export async function resume(file: string, options: ResumeOptions, session: Session): Promise<number> {
  const resumed = await diverted(session.host, async () => {
    const { definitions: own } = await load(file);
    return withPlugins({ own, options, session }, async ({ definitions }) => {
      const taken = await takeUp({ file, definitions }, options, session).catch((thrown: unknown) => { throw pointingToReplay(thrown, file, options); });
      return carryOn(taken, session);
    });
  });
  return tell(resumed, {}, session);
}

/** Both sides of a divergence are too long for a line. */
function pointingToReplay(thrown: unknown, file: string, { log }: ResumeOptions): unknown {
  if (!(thrown instanceof OmniError) || thrown.code !== 'REPLAY_DIVERGENCE') return thrown;
  const { code, message, details } = thrown;
  return new OmniError(code, `${message} To see both: omnipaw replay ${shellWord(file)} --log ${shellWord(log)}`, { ...(details === undefined ? {} : { details }), cause: thrown });
}

export async function load(file: string): Promise<Loaded> {
  return { file, definitions: definitionsIn(await loadProgram(file)) };
}

/** A log that was taken up, or has nothing to take up. */
export interface Taken {
  readonly loaded: Loaded;
  readonly options: ResumeOptions;
  readonly left: Left;
  /** The calls whose programs are told that nobody knows what came of them. */
  readonly unknown: readonly OpenCall[];
  /** Undefined if nobody is left: no kernel is started, so that the log stays as it is. */
  readonly kernel: OmniKernel | undefined;
}

/** Takes up a log. What it refuses it refuses before anything is written, but for an outcome that is larger than a value may be. */
export async function takeUp(loaded: Loaded, options: ResumeOptions, session: Session): Promise<Taken> {
  const settlements = settlementsIn(options);
  const left = await agentsLeftIn(options.log, options.agent);
  const unknown = unrepeatable(openCallsOf(left.all), loaded.definitions.tools);
  if (left.agents.length === 0) {
    if (settlements.size > 0) throw new UsageError('Nobody is left to wait for, so no kernel starts that could put on record what --settle says. Leave --agent out, if others are left.');
    return { loaded, options, left, unknown: [], kernel: undefined };
  }
  assertGuarded(loaded, left);
  assertDecided(unknown, settlements, options);
  const { log, sign } = options;
  if ((options.plugins ?? []).length > 0) await tellChanged(left, loaded.definitions, session);
  const unknownOutcomes = settlements.size === 0 ? 'throw' : 'wait';
  const kernel = await boot(loaded.definitions, { file: loaded.file, log, ...(sign === undefined ? {} : { sign }), recover: true, unknownOutcomes }, session);
  try {
    settleCalls(kernel, settlements, options);
  } catch (thrown) {
    await kernel.stop({ finishCalls: true });
    throw thrown;
  }
  return { loaded, options, left, unknown: settlements.size === 0 ? unknown : [], kernel };
}

/** What an extension refuses it would not refuse where it is left out. */
function assertGuarded({ file, definitions }: Loaded, { extensions }: Left): void {
  const missing = extensions.filter((name) => definitions.extensions.every((extension) => extension.name !== name));
  if (missing.length === 0) return;
  throw new UsageError(`The log was written under the ${missing.length === 1 ? 'extension' : 'extensions'} ${missing.join(', ')}, which ${file} does not export. Export what createKernel was given, alone or in a list.`);
}

/** An author may have mended something, and an operator should know. */
async function tellChanged({ origins }: Left, { tools }: Definitions, { people }: Session): Promise<void> {
  for (const { name, version, text } of changedPlugins(origins, tools)) await people.line(`${people.ink('yellow', 'warning:')} ${name} ${version} is not what it was when the log was written: ${text}. Calls from now on are made with what is there.`);
}

async function tellUnknown(calls: readonly OpenCall[], { people }: Session): Promise<void> {
  if (calls.length === 0) return;
  const whose = calls.length === 1 ? 'its program gets' : 'their programs get';
  await people.line(`${people.ink('yellow', 'warning:')} Nobody knows what came of ${unrepeatableText(calls)}; ${whose} TOOL_OUTCOME_UNKNOWN:`);
  for (const line of callLines(calls)) await people.line(line);
}

/** How it went: no report if nobody was left. */
export interface Resumed extends Omit<Taken, 'kernel'> {
  readonly report: GoOnReport | undefined;
}

/** Waits for the agents. */
export async function carryOn({ kernel, ...taken }: Taken, session: Session): Promise<Resumed> {
  const { left, loaded: { definitions: { tools } } } = taken;
  if (kernel === undefined) return { ...taken, report: undefined };
  await session.people.line(`Resuming ${listText(left.agents.map(({ id, state }) => `${id} ${state}`))}.`);
  await tellUnknown(taken.unknown, session);
  return { ...taken, report: await goOn(kernel, { agents: left.agents.map(({ id }) => id), tools }, session) };
}

/** Tells how it went, scripts also what `more` says, and resolves with the exit code. */
export async function tell({ loaded: { file }, options, left, report }: Resumed, more: object, session: Session): Promise<number> {
  const { log, sign, json = false } = options;
  const audience: Audience = { ...session, file, log, sign, json, isVerbose: isVerbose(options, session.host), more, entriesBefore: left.entries };
  if (report === undefined) await reportNothingLeft(left, audience);
  else await reportGoOn(report, audience);
  if (report?.stoppedBy !== undefined) return EXIT_AFTER_SIGNAL[report.stoppedBy];
  return hasSucceeded(report ?? left) ? EXIT.ok : EXIT.failed;
}
