/** What must hold of every run, found out from the log, the outside world, and what the kernels told. */
import { inspect, MemoryLogStore, nodePorts, readEntries, replay, verify, type Entry } from '@omnipaw/kernel';
import { isDeepStrictEqual } from 'node:util';
import { guardOf } from './guard.js';
import { PROGRAMS } from './interpreters.js';
import { brokenRules } from './log-rules.js';
import { MAX_STEPS, RESOURCES } from './scenarios.js';
import type { Run } from './simulation.js';
import { IDEMPOTENT, UNREACHABLE } from './tools.js';
import type { ToldEnd } from './witness.js';

type EntryOf<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

/** Every property that a run breaks, in words; empty for a run as it should be. */
export async function brokenProperties(run: Run): Promise<readonly string[]> {
  if (run.violations.length > 0 || run.witness.last === undefined) return run.violations;
  const chain = await brokenChain(run);
  if (chain.length > 0) return chain;
  const entries = await entriesOf(run.bytes);
  return [
    ...brokenRules(entries, { maxStepsPerTick: MAX_STEPS, resources: RESOURCES }),
    ...lostAcknowledgements(run, entries),
    ...wrongEffects(run, entries),
    ...(await wrongState(run)),
    ...(await wrongReplay(run)),
  ];
}

async function brokenChain({ bytes, witness }: Run): Promise<string[]> {
  const { integrity, completeness } = await verify(logOf(bytes), { pin: witness.last!.head });
  if (integrity === 'INTACT' && completeness === 'COMPLETE') return [];
  return [`The log of a kernel that was stopped in order is ${integrity} and ${completeness}.`];
}

// Nothing that was acknowledged is lost

function lostAcknowledgements({ witness }: Run, entries: readonly Entry[]): string[] {
  const lost = witness.heads
    .filter(({ busSeq, hash }) => entries[busSeq]?.hash !== hash)
    .map(({ busSeq }) => `Entry ${busSeq} was called durable, and it is not what the log has there.`);
  const completed = new Map(ofKind(entries, 'AGENT_COMPLETED').map(({ agent, data }) => [agent, data.result]));
  const errors = new Map([...ofKind(entries, 'AGENT_FAULTED'), ...ofKind(entries, 'AGENT_TERMINATED')].map(({ agent, data }) => [agent, codeOf(data)]));
  const isOnRecord = ({ agent, told }: ToldEnd): boolean => {
    if ('value' in told) return isDeepStrictEqual(completed.get(agent), told.value);
    return !completed.has(agent) && errors.has(agent);
  };
  return [...lost, ...witness.ends.filter((end) => !isOnRecord(end)).map((end) => `A result was told that is not in the log: ${JSON.stringify(end)}`)];
}

function codeOf(data: object): string | undefined {
  return (data as { readonly error?: { readonly code: string } }).error?.code;
}

// No effect without its intent, none missing, and none twice

function wrongEffects({ world }: Run, entries: readonly Entry[]): string[] {
  const logId = ofKind(entries, 'LOG_OPENED')[0]?.data.logId;
  const intents = new Map(ofKind(entries, 'TOOL_CALLED').map(({ agent, data }) => [`${logId}/${agent}/${data.tick}/${data.call}`, data.tool]));
  const results = new Map(ofKind(entries, 'TOOL_RESULT').map(({ agent, data }) => [`${logId}/${agent}/${data.tick}/${data.call}`, data.result]));
  const effects = world.byKey();
  const wrong: string[] = [];
  for (const [key, done] of effects) {
    const { tool } = done[0]!;
    if (intents.get(key) !== tool) wrong.push(`Tool ${tool} acted for ${key}, and the log has no intent of it.`);
    if (!IDEMPOTENT.has(tool) && done.length > 1) wrong.push(`Tool ${tool} is not idempotent, and acted ${done.length} times for ${key}.`);
  }
  for (const [key, result] of results) {
    const tool = intents.get(key)!;
    if (result.ok && !effects.has(key)) wrong.push(`Tool ${tool} has answered for ${key}, and never acted.`);
    if (!result.ok && result.error.code === 'TOOL_OUTCOME_UNKNOWN' && IDEMPOTENT.has(tool)) {
      wrong.push(`Tool ${tool} is idempotent, and its outcome for ${key} is called unknown.`);
    }
  }
  return wrong;
}

// State is the fold of the log

async function wrongState({ bytes, witness }: Run): Promise<string[]> {
  const { agents, shared } = await inspect(logOf(bytes));
  if (isDeepStrictEqual({ agents, shared }, { ...witness.last!.snapshot })) return [];
  return ['The state of the kernel was not what its log says.'];
}

// The programs do again what the log says

async function wrongReplay({ bytes, plan, witness }: Run): Promise<string[]> {
  const options = { agents: Object.values(PROGRAMS), tools: UNREACHABLE, extensions: guardOf(plan.scenario), pin: witness.last!.head };
  const { replay: verdict, divergence, changed, ...report } = await replay(logOf(bytes), options);
  const isWhole = report.integrity === 'INTACT' && report.completeness === 'COMPLETE' && changed.length === 0;
  if (verdict === 'REPRODUCED' && isWhole) return [];
  return [`The replay of the log is ${verdict}: ${divergence?.message ?? JSON.stringify({ ...report, changed })}`];
}

function logOf(bytes: Uint8Array): MemoryLogStore {
  return new MemoryLogStore({ bytes, codec: nodePorts.codec });
}

async function entriesOf(bytes: Uint8Array): Promise<Entry[]> {
  const entries: Entry[] = [];
  // The chain holds, so these are what a kernel wrote.
  for await (const entry of readEntries(logOf(bytes))) entries.push(entry as unknown as Entry);
  return entries;
}

function ofKind<Kind extends Entry['kind']>(entries: readonly Entry[], kind: Kind): EntryOf<Kind>[] {
  return entries.filter((entry): entry is EntryOf<Kind> => entry.kind === kind);
}
