import { Commands } from '../commands/index.js';
import { DelegationProtocol } from '../delegation/index.js';
import { AgentSyscalls, Approvals, Asks, Authority, Delays, InstructionEvaluator, MemorySyscalls, MessageSyscalls, Messenger, Spawner, VersionSyscalls, type CarryOutOptions } from '../syscalls/index.js';
import { Alarm, Deadlines, Observers, Processes, Scheduler, TickEngine } from '../execution/index.js';
import { describeThrown, OmniError } from '../errors/index.js';
import { AgentEndings, FailureHandler, type FailureHandlerOptions } from '../failure/index.js';
import type { Quota } from '../identity/index.js';
import { InvariantChecker } from '../invariants/index.js';
import type { Emit, LogWriter, Projection, RawEntry, Saved } from '../logging/index.js';
import { ToolGate, ToolRegistry } from '../tools/index.js';
import type { Oracle } from '../replay/index.js';
import type { AuditLog } from './audit.js';
import { KernelBus } from './bus.js';
import { type KernelConfig, type KernelHost } from './config.js';
import { programDigest } from './header.js';
import { shield } from './shield.js';
import { createState, projectionsOf } from './state.js';

export interface AssembleOptions {
  readonly config: KernelConfig;
  readonly host: KernelHost;
  readonly log: LogWriter;
  readonly mode: 'LIVE' | 'REPLAY';
  /** Leads through what is on record; undefined for a log that begins now. */
  readonly oracle: Oracle | undefined;
  /** How many entries were there before this kernel was. */
  readonly recordedCount: number;
  readonly logId: string;
  readonly audit: AuditLog;
  readonly report: (thrown: unknown, where: string) => OmniError;
  /** Called between ticks, when everything is at rest. */
  readonly rested: () => void;
}

export type Parts = ReturnType<typeof assemble>;

/** Every module of a kernel, connected. */
export function assemble(options: AssembleOptions) {
  const { config, host, log, report } = options;
  const core = assembleCore(options);
  const { state, bus, gate, endings, messenger, tell } = core;
  const shared = { ...state, ...core, log, ports: host.ports, emit: bus.emit, propose: bus.propose, note: bus.note };

  const authority = new Authority(state.permissions);
  const digests = new Map((config.agents ?? []).map((agent) => [agent.type, programDigest(agent, host.ports.codec)]));
  // Every type that is registered is in the configuration, and the spawner has looked the type up.
  const digestOf = (type: string): string => digests.get(type)!;
  const assertQuota = (quota: Quota): void => { for (const { guard } of core.guards) guard.assertQuota?.(quota); };
  const spawner = new Spawner({ ...shared, digestOf, assertQuota });
  const carrier: CarryOutOptions = {
    ...shared,
    perform: (instruction, at) => evaluator.evaluate(instruction, at),
    ended: (agent, tick, error) => { failures.kernelEnded(agent, tick, error); },
  };
  const approvals = new Approvals({ ...shared, ...carrier, messenger });
  const delays = new Delays({ ...shared, ...carrier });
  const asks = new Asks({ ...shared, ...carrier, timers: host.ports.timers, drain: () => { scheduler.drain(); } });
  const recorded = (): RawEntry | undefined => options.oracle?.next;
  const versions = new VersionSyscalls({ ...shared, recorded, reviewNote: bus.reviewNote });
  const evaluator: InstructionEvaluator = new InstructionEvaluator({
    authority,
    gate,
    memory: new MemorySyscalls({ ...shared, authority }),
    messages: new MessageSyscalls({ ...shared, authority, messenger }),
    agents: new AgentSyscalls({ ...shared, authority, spawner, approvals }),
    approvals,
    delays,
    versions,
    note: bus.note,
  });
  const failures = new FailureHandler({
    ...shared,
    audit: (breach) => { options.audit.record(breach); },
    tell,
  });
  const processes = new Processes({ ...shared, evaluator });
  const scheduler = new Scheduler({
    ...shared,
    processes,
    spawner,
    endings,
    failures,
    engine: new TickEngine(),
    reviewTick: bus.reviewTick,
    recorded,
    report,
    drained: () => {
      log.flushEarly(gate.isIdle);
      alarm.arm();
      options.rested();
    },
  });
  const deadlines = new Deadlines(({ agent, tick, call }) =>
    call === undefined ? state.outcomes.of(agent) === undefined : state.pending.find(agent, tick, call) !== undefined,
  );
  const mayWake = (agent: string, time: number): boolean => state.outcomes.of(agent) === undefined && deadlines.isDue(agent, time);
  const drain = (): void => { scheduler.drain(); };
  const commands = new Commands(shared);
  const alarm: Alarm = new Alarm({
    ...shared, deadlines, approvals, delays, commands, gate, drain,
    wake: (agent) => { scheduler.wake(agent); },
    failed: (thrown) => { report(halt({ bus, alarm, gate, scheduler }, deadlineFailed(thrown)), 'a deadline'); },
  });
  core.connect(scheduler, asks);
  bus.project(...projectionsOf(state), ...core.projections, approvals, asks, deadlines, versions, processes, scheduler);
  const saved = savedOf({ ...state, approvals, deadlines, processes, scheduler }, config);
  return { saved, state, bus, gate, endings, registry: core.registry, processes, versions, messenger, spawner, approvals, asks, delays, commands, scheduler, alarm, drain, mayWake };
}

/** Tells agents of breaches and ends; that one of them can't be told changes nothing for the others. */
function tellerOf(messenger: Messenger, report: AssembleOptions['report']): FailureHandlerOptions['tell'] {
  return (agent, channel, body) => {
    try {
      messenger.send({ from: null, to: agent, channel, body, permission: { decision: 'ALLOW', by: 'kernel' } });
    } catch (thrown) {
      report(thrown, `telling "${agent}" of a${channel === 'exit' ? 'n end' : ' breach'}`);
    }
  };
}

interface Working {
  readonly alarm: Alarm;
  readonly gate: ToolGate;
  readonly scheduler: Scheduler;
}

/** Nothing is recorded any more, and so nothing can go on; answers why. */
function halt({ bus, ...working }: Working & { readonly bus: KernelBus }, error: OmniError): OmniError {
  bus.halt(error);
  stopWork(working, error);
  return error;
}

/** No timer rings, no tool starts and no tick runs any more. */
export function stopWork({ gate, ...programs }: Working, error: OmniError): void {
  gate.stop(error);
  stopPrograms(programs, error);
}

/** No timer rings and no tick runs any more; results of tools are recorded still. */
export function stopPrograms({ alarm, scheduler }: Omit<Working, 'gate'>, error: OmniError): void {
  alarm.stop();
  scheduler.stop(error);
}

/** What a deadline does always can be done in a log that kernels have written. */
function deadlineFailed(cause: unknown): OmniError {
  const message = `A deadline could not be kept, so the kernel does nothing any more: ${describeThrown(cause)} Compare the log with a pinned head: no kernel writes one that leads here.`;
  return new OmniError('KERNEL_HALTED', message, { cause });
}

/** By name, all state that a checkpoint keeps; what programs know of versions comes back when they are run again. */
function savedOf(kernel: Readonly<Record<string, Saved>>, { extensions = [] }: KernelConfig): Readonly<Record<string, Saved>> {
  const kept = extensions.flatMap(({ name, projection }) => (isSaved(projection) ? [[`extension ${name}`, projection] as const] : []));
  return { ...kernel, ...Object.fromEntries(kept) };
}

function isSaved(projection: (Projection & Partial<Saved>) | undefined): projection is Projection & Saved {
  return projection?.save !== undefined && projection.load !== undefined;
}

/** What stands below the execution of programs: state, bus, gate and the ends of agents. */
function assembleCore({ config, host, log, logId, mode, recordedCount, report }: AssembleOptions) {
  const { agents = [], tools = [], extensions = [] } = config;
  const invariants = new InvariantChecker();
  const state = createState();
  const registry = new ToolRegistry();
  for (const agent of agents) state.agents.register(agent);
  for (const tool of tools) registry.register(tool);
  const observers = new Observers(extensions.flatMap(({ observer }) => observer ?? []), report);
  const shielded = extensions.map((extension) => shield(extension, report));
  const guards = shielded.flatMap((extension) => extension.guards);
  const projections = shielded.flatMap((extension) => extension.projections);
  const bus = new KernelBus({ log, lifecycle: state.lifecycle, invariants, guards, report });
  let scheduler: Scheduler | undefined;
  let asks: Asks | undefined;
  const isBusy = (): boolean => bus.isBusy || scheduler?.isDraining === true;
  const gate = new ToolGate({
    ...state,
    registry,
    invariants,
    log,
    ports: host.ports,
    propose: bus.propose,
    input: (...[proposal]: Parameters<Emit>) => {
      if ((log.failure ?? bus.failure) !== undefined) return;
      bus.emit(proposal);
      scheduler?.drain();
    },
    isBusy,
    // No tool runs before everything is connected.
    ask: (...asked) => asks!.ask(...asked),
    observe: observers.watches('aroundToolCall') ? (info, run) => observers.toolCall(info, run) : undefined,
    mode,
    isRecorded: (busSeq) => busSeq < recordedCount,
    logId,
    secrets: config.secrets,
    redact: config.redact,
  });
  const delegation = new DelegationProtocol({ ...state, invariants });
  const messenger = new Messenger({ ...state, emit: bus.emit, propose: bus.propose });
  const tell = tellerOf(messenger, report);
  const endings = new AgentEndings({ ...state, delegation, gate, emit: bus.emit, tell });
  const connect = (...to: [Scheduler, Asks]): void => { [scheduler, asks] = to; };
  return { state, isBusy, bus, registry, invariants, observers, guards, projections, gate, delegation, messenger, tell, endings, connect };
}
