/**
 * Takes up what an earlier kernel left, from the log alone.
 *
 * 1. All state is folded, up to where the last step of that kernel began.
 * 2. The programs of the agents that have not ended are run again, each against its own history.
 * 3. The last step is made again as a whole; where the log breaks off in it, it goes on. Nothing is written before that.
 * 4. Calls that were under way are repeated, or their outcome is unknown.
 */
import { OmniError, toErrorRecord } from '../errors/index.js';
import { begin, type Birth } from '../execution/index.js';
import { deepFreeze } from '../json/index.js';
import { entryOf, visitLinesOf, readRecorded, type RawEntry, type RecordedEntry } from '../logging/index.js';
import type { Slot } from '../pending/index.js';
import { LastStep, performEnd, Rerun, type Oracle } from '../replay/index.js';
import type { Parts } from './assemble.js';
import type { Checkpoint } from './checkpoint.js';
import type { KernelConfig, KernelHost } from './config.js';
import { foldEntry } from './fold.js';
import { digestsOf } from './header.js';
import { firstBirth } from './history.js';
import { liveAgents } from './live-agents.js';
import { lockstepOf } from './rehearse.js';

interface Recovery {
  readonly parts: Parts;
  readonly config: KernelConfig;
  readonly host: KernelHost;
  readonly oracle: Oracle;
  /** Where to begin, if not at the beginning. */
  readonly checkpoint: Checkpoint | undefined;
  /** The entry after the last one. */
  readonly endSeq: number;
}

/**
 * Brings a kernel to where its log ends. Rejects, before anything is written, with `REPLAY_DIVERGENCE` if a program does not do what its
 * history says, with `VERSION_UNSUPPORTED` if it has dropped a form that an agent goes by, with `AGENT_TYPE_NOT_REGISTERED` and `TOOL_NOT_REGISTERED` for what the agents that have not ended need, and with
 * `LOG_CORRUPT`.
 */
export async function recover(recovery: Recovery): Promise<void> {
  const { parts, oracle, checkpoint } = recovery;
  if (checkpoint !== undefined) restore(parts, checkpoint);
  const lastStep = await foldWholeSteps(recovery);
  const agents = lastStep.notEnded(liveAgents(parts));
  assertMayGoOn(recovery, agents);
  assertProgramsAreHere(parts, agents, lastStep.entries);
  await rerunPrograms(recovery, lastStep);
  assertToolsAreHere(parts, lastStep.entries);
  for (const recorded of lastStep.entries) oracle.expect(recorded);
  const { next } = oracle;
  if (next !== undefined) performEnd(next, parts.endings);
  lockstepOf(parts, oracle).finish();
  if (oracle.failure !== undefined) throw explained(oracle.failure, recovery);
}

/** Guards decide with programs: other limits than those of then make something else of the same program. */
function explained(failure: OmniError, { parts: { state }, config, host }: Recovery): OmniError {
  const present = digestsOf(config, host.ports.codec).extensions;
  const changed = Object.entries(state.settings.extensions).flatMap(([name, version]) => (present[name] === version ? [] : [`${name} ${version}, now ${present[name] ?? 'none'}`]));
  const { code, details = {} } = failure;
  if (changed.length === 0 || code !== 'REPLAY_DIVERGENCE') return failure;
  const message = `${failure.message} Or it is for an extension that has changed (${changed.join(', ')}): start the kernel once with that of then.`;
  return new OmniError(code, message, { details });
}

/** Brings the state back that a checkpoint kept. */
function restore(parts: Parts, { known, state }: Checkpoint): void {
  for (const [name, projection] of Object.entries(parts.saved)) projection.load(state[name]);
  parts.bus.resumeAfter(known.busSeq);
}

/** Folds all but the last step that is certain to begin where it does. */
async function foldWholeSteps({ parts, config, host, checkpoint }: Recovery): Promise<LastStep> {
  const lastStep = new LastStep((agent) => parts.state.lifecycle.stateOf(agent));
  for await (const batch of readRecorded(config.log, host.ports.codec, { after: checkpoint?.known })) {
    for (const recorded of batch) {
      for (const { entry } of lastStep.take(recorded)) foldEntry(entry, (folded) => { parts.bus.apply(folded); });
    }
  }
  return lastStep;
}

/** Runs the programs of all who have not ended, on one way through what the log has of their present lives. */
async function rerunPrograms({ parts, config, host, checkpoint, endSeq }: Recovery, lastStep: LastStep): Promise<void> {
  const births = birthsOf(parts, lastStep.endedWithoutProgram());
  const beforeSeq = lastStep.entries[0]?.entry.busSeq ?? endSeq;
  if (births.size === 0) return;
  const reruns = new Map([...births].map(([agent, birth]) => [agent, { birth, rerun: rerunOf(parts, agent, birth) }]));
  const { codec } = host.ports;
  const give = (line: Uint8Array): boolean => {
    giveEntry(deepFreeze(entryOf(line, codec)), reruns);
    return true;
  };
  const known = checkpoint?.lines === undefined ? undefined : checkpoint.known;
  for (const line of checkpoint?.lines ?? []) give(line);
  const fromSeq = known === undefined ? firstBirth([...births.values()].map(({ seq }) => seq), endSeq) : known.busSeq + 1;
  await visitLinesOf(config.log, { codec, agents: new Set(births.keys()), fromSeq, beforeSeq, place: known }, give);
  for (const [agent, { rerun }] of reruns) {
    const life = rerun.finish();
    for (const [change, version] of rerun.versions) parts.versions.tell(agent, change, version);
    if (life.awaiting !== undefined) parts.processes.adopt(agent, life);
  }
}

function birthsOf(parts: Parts, ended: ReadonlySet<string>): ReadonlyMap<string, Birth> {
  const births = [...liveAgents(parts)].filter((agent) => !ended.has(agent)).map((agent) => [agent, parts.processes.birthOf(agent)] as const);
  return new Map(births.filter((born): born is [string, Birth] => born[1] !== undefined));
}

function rerunOf({ state }: Parts, agent: string, birth: Birth): Rerun {
  return new Rerun({ agent, life: begin(state.agents, agent, birth), memory: state.persistent.atBirth(agent) });
}

type Reruns = ReadonlyMap<string, { readonly birth: Birth; readonly rerun: Rerun }>;

/** An entry belongs to the history of its agent, and the birth of a child to that of its delegator. */
function giveEntry(entry: RawEntry, reruns: Reruns): void {
  const { parent } = entry.data as { readonly parent?: string | null };
  for (const name of [entry.agent, entry.kind === 'AGENT_SPAWNED' ? parent : null]) {
    const known = typeof name === 'string' ? reruns.get(name) : undefined;
    if (known !== undefined && entry.busSeq >= known.birth.seq) known.rerun.take(entry);
  }
}

function assertMayGoOn({ parts, config }: Recovery, agents: readonly string[]): void {
  const { format } = parts.state.settings;
  const isWanted = config.recover ?? true;
  if (agents.length === 0 || (isWanted && format >= 2)) return;
  const names = `${agents.slice(0, 5).join(', ')}${agents.length > 5 ? ', …' : ''}`;
  const found = agents.length === 1 ? `an agent that has not ended (${names})` : `${agents.length} agents that have not ended (${names})`;
  const advice = isWanted ? `Logs of format ${format} can be replayed, but their agents can't go on.` : 'Resume them, or start a new run in a new log.';
  throw new OmniError('LOG_NEEDS_RECOVERY', `The log holds ${found}. ${advice}`, { details: { format, agents: agents.slice(0, 100) } });
}

/** Before anything is written, everything has to be there that is needed to go on. */
function assertProgramsAreHere({ state }: Parts, agents: readonly string[], lastStep: readonly RecordedEntry[]): void {
  const spawned = new Map(lastStep.flatMap(({ entry }) => (entry.kind === 'AGENT_SPAWNED' ? [[entry.agent, entry.data['type']] as const] : [])));
  for (const agent of agents) {
    const type = state.agents.has(agent) ? state.agents.get(agent).type : spawned.get(agent);
    // What no kernel has written is found below.
    if (typeof type === 'string') state.agents.definition(type);
  }
}

function assertToolsAreHere(parts: Parts, lastStep: readonly RecordedEntry[]): void {
  for (const { slot } of openCalls(parts)) parts.registry.get(slot.opened['tool'] as string);
  for (const { entry } of lastStep) if (entry.kind === 'TOOL_CALLED') parts.registry.get(entry.data['tool'] as string);
}

/** Calls whose intent is on record, and whose outcome nobody is about to tell. */
export function openCalls(parts: Pick<Parts, 'state' | 'gate'>): readonly { readonly agent: string; readonly slot: Slot }[] {
  const slots = [...liveAgents(parts)].flatMap((agent) => parts.state.pending.openSlots(agent).map((slot) => ({ agent, slot })));
  return slots.filter(({ agent, slot }) => slot.kind === 'TOOL' && !parts.gate.isUnderWay(agent, slot));
}

/**
 * Goes on with the calls that were under way: what can be repeated runs again with its key, and of the rest the outcome is unknown:
 * the program is told, or it waits for somebody to say.
 */
export function resumeCalls(parts: Parts, unknownOutcomes: 'throw' | 'wait'): void {
  for (const { agent, slot } of openCalls(parts)) {
    const failure = parts.gate.isRepeatable(slot) || slot.isBackingOff ? takeUp(parts, agent, slot) : undefined;
    if (parts.gate.isUnderWay(agent, slot) || (failure === undefined && unknownOutcomes === 'wait')) continue;
    settleCall(parts, { agent, slot, result: { ok: false, error: toErrorRecord(outcomeUnknown(slot, failure)) } });
  }
}

/** Why it can't be taken up; undefined if it was. */
function takeUp({ gate }: Parts, agent: string, slot: Slot): unknown {
  try {
    gate.takeUp(agent, slot);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

/** Records how a call ended, on somebody's word. */
export function settleCall({ bus, state }: Pick<Parts, 'bus' | 'state'>, settled: { readonly agent: string; readonly slot: Slot; readonly result: Slot['outcome'] & object; readonly by?: string }): void {
  const { agent, slot: { tick, call, opened }, result, by } = settled;
  const said = by === undefined ? {} : { by };
  bus.emit({ kind: 'TOOL_RESULT', agent, data: { tick, call, tool: opened['tool'] as string, result, ...said, ...state.pending.resuming(agent, call) } });
}

function outcomeUnknown({ opened, tick, call }: Slot, cause: unknown): OmniError {
  const tool = opened['tool'] as string;
  return new OmniError(
    'TOOL_OUTCOME_UNKNOWN',
    `Nobody knows whether tool "${tool}" has acted: the intent of the call is on record, and its result is not: a kernel ended in between, or the log was forked there. Find out outside, or make the tool idempotent.`,
    { details: { tool, tick, call }, ...(cause === undefined ? {} : { cause }) },
  );
}
