import { OmniError } from '../errors/index.js';
import type { Digests } from '../header/index.js';
import { digestsOf, rehearse, type Cast, type Parts } from '../kernel/index.js';
import { GENESIS_HASH, pinnedPlace, readRecorded, type LogDamage, type LogPin, type LogReader, type LogVerdict, type RawEntry, type ScanReport, type TornTail } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import { divergenceAt, Oracle, type Divergence, type Lockstep } from '../replay/index.js';
import { changesSince, digestsIn, type Changed, type Identified } from './changes.js';

export interface ReplayOptions extends Cast {
  readonly codec: Codec;
  /** A head that was noted down earlier, as for `verify`. */
  readonly pin?: LogPin;
  /** Told now and then how many entries have been made again. */
  readonly onProgress?: (entryCount: number) => void;
}

/** A divergence with what may have led to it. */
export interface ExplainedDivergence extends Divergence {
  /** The program of the agent, as it was when the agent began and as it is now. */
  readonly program?: { readonly type: string; readonly recorded: Identified; readonly present: Identified };
  /** What has changed and may have to do with it: the program, the tool that is called, extensions. */
  readonly changed: readonly Changed[];
}

/** Three verdicts, none of which stands for another, and what the third one rests on. */
export interface ReplayReport {
  readonly integrity: LogVerdict['integrity'];
  readonly completeness: LogVerdict['completeness'];
  /**
   * `REPRODUCED`: the programs did again what the log says, entry by entry. `DIVERGED`: they did something else, first at
   * `divergence`. `INCOMPLETE`: the log is damaged, and as far as it is not, it was reproduced.
   */
  readonly replay: 'REPRODUCED' | 'DIVERGED' | 'INCOMPLETE';
  /** How many entries were made again, or are at least unbroken where the log is damaged: up to the divergence if there is one. */
  readonly entries: number;
  /** The hash of the last of them. */
  readonly head: string;
  /** How many ticks ran again. */
  readonly ticks: number;
  readonly divergence?: ExplainedDivergence;
  /** What is not what it was, whether or not anything came of it. */
  readonly changed: readonly Changed[];
  readonly firstBad?: LogDamage;
  readonly tornTail?: TornTail;
}

/**
 * Runs every tick of every agent again, in the recorded order and without touching a tool, and compares what comes of it with
 * the log (INV-15, INV-18).
 *
 * Policies and limits are those that the log names. Rejects with `AGENT_TYPE_NOT_REGISTERED` and `TOOL_NOT_REGISTERED` for
 * what the log uses and nobody passed, and as reading does for what is no log.
 */
export async function replay(reader: LogReader, options: ReplayOptions): Promise<ReplayReport> {
  const run = new Replay(options);
  let report: ScanReport | undefined;
  try {
    for await (const batch of readRecorded(reader, options.codec, { onEnd: (found) => { report = found; } })) {
      for (const recorded of batch) if (!run.take(recorded)) return run.report(report);
      options.onProgress?.(run.entryCount);
    }
  } catch (thrown) {
    if (!(thrown instanceof OmniError) || thrown.code !== 'LOG_CORRUPT' || report?.damage === undefined) throw thrown;
  }
  run.finish();
  return run.report(report);
}

function integrityBy(scan: ScanReport | undefined): Pick<ReplayReport, 'integrity' | 'firstBad' | 'tornTail'> {
  if (scan?.damage !== undefined) return { integrity: 'BROKEN', firstBad: scan.damage };
  return scan?.tornTail === undefined ? { integrity: 'INTACT' } : { integrity: 'TORN_TAIL', tornTail: scan.tornTail };
}

class Replay {
  readonly #oracle = new Oracle();
  readonly #parts: Parts;
  readonly #lockstep: Lockstep;
  readonly #pin: ReturnType<typeof pinnedPlace> | undefined;
  #isPinFound = false;
  #last: RawEntry | undefined;
  /** The entry at which it was stopped, other than by what was made. */
  #refused: RawEntry | undefined;
  #divergence: Divergence | undefined;
  readonly #changed = new Map<string, Changed>();
  /** By agent, the program that it was begun with. */
  readonly #programs = new Map<string, Identified>();
  readonly #present: Digests;
  /** Tools whose schemas are not those of the kernel that wrote what is being replayed. */
  #changedSchemas = new Map<string, Changed>();

  constructor(options: ReplayOptions) {
    this.#pin = options.pin === undefined ? undefined : pinnedPlace(options.pin);
    const { parts, lockstep } = rehearse(options, this.#oracle, options.codec);
    this.#parts = parts;
    this.#present = digestsOf(options, options.codec);
    this.#lockstep = lockstep;
  }

  get entryCount(): number {
    return this.#last === undefined ? 0 : this.#last.busSeq + 1;
  }

  /** False once there is a divergence. */
  take(recorded: Parameters<Lockstep['feed']>[0]): boolean {
    const { entry } = recorded;
    this.#look(entry);
    const schema = entry.kind === 'TOOL_CALLED' ? this.#changedSchemas.get(entry.data['tool'] as string) : undefined;
    if (schema !== undefined) {
      this.finish();
      this.#refused = this.#oracle.next ?? entry;
      const { name, recorded: before, present } = schema;
      this.#divergence ??= divergenceAt(entry, undefined, `The schemas of tool "${name}" have changed: recorded ${before?.digest ?? ''}, present ${present?.digest ?? ''}.`);
      return false;
    }
    this.#lockstep.feed(recorded);
    this.#last = entry;
    this.#isPinFound ||= this.#pin !== undefined && entry.hash === this.#pin.hash && (this.#pin.busSeq ?? entry.busSeq) === entry.busSeq;
    return this.#oracle.failure === undefined;
  }

  finish(): void {
    this.#lockstep.finish();
    this.#divergence = this.#oracle.divergence;
  }

  report(scan: ScanReport | undefined): ReplayReport {
    const divergence = this.#divergence ?? this.#oracle.divergence;
    const last = { entries: this.entryCount, head: this.#last?.hash ?? GENESIS_HASH };
    return {
      ...integrityBy(scan),
      completeness: this.#pin === undefined ? 'UNPINNED' : this.#isPinFound ? 'COMPLETE' : 'INCOMPLETE',
      replay: divergence !== undefined ? 'DIVERGED' : scan?.damage !== undefined ? 'INCOMPLETE' : 'REPRODUCED',
      ...(divergence === undefined ? last : { entries: divergence.busSeq, head: (this.#refused ?? this.#oracle.next)!.prev }),
      ticks: this.#lockstep.tickCount,
      ...(divergence === undefined ? {} : { divergence: this.#explain(divergence) }),
      changed: [...this.#changed.values()],
    };
  }

  #explain(divergence: Divergence): ExplainedDivergence {
    const { agent, expected, actual } = divergence;
    const tools = [expected, actual].map((side) => side?.data['tool']);
    const type = agent !== null && this.#parts.state.agents.has(agent) ? this.#parts.state.agents.get(agent).type : undefined;
    const changed = [...this.#changed.values()].filter(({ what, name }) =>
      what === 'extension' || (what === 'program' ? name === type : tools.includes(name)),
    );
    const recorded = agent === null ? undefined : this.#programs.get(agent);
    const present = type === undefined ? undefined : this.#present.programs[type];
    const program = type === undefined || recorded === undefined || present === undefined ? {} : { program: { type, recorded, present } };
    return { ...divergence, ...program, changed };
  }

  /** Notes what has changed, and refuses to go on without what the log uses. */
  #look({ agent, kind, data }: RawEntry): void {
    if ((kind === 'AGENT_SPAWNED' || kind === 'AGENT_CONTINUED') && agent !== null) this.#programs.set(agent, data['program'] as unknown as Identified);
    if (kind === 'AGENT_SPAWNED') this.#parts.state.agents.definition(data['type'] as string);
    else if (kind === 'TOOL_CALLED') this.#parts.registry.get(data['tool'] as string);
    else if (kind === 'LOG_OPENED' || kind === 'KERNEL_STARTED') {
      const changes = changesSince(digestsIn(data), this.#present);
      for (const change of changes) this.#changed.set(JSON.stringify(change), change);
      this.#changedSchemas = new Map(changes.filter(({ what }) => what === 'schema').map((change) => [change.name, change]));
    }
  }
}
