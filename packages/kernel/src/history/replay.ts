import { OmniError } from '../errors/index.js';
import type { Digests } from '../header/index.js';
import { digestsOf, rehearse, type Cast, type Parts } from '../kernel/index.js';
import { GENESIS_HASH, pinnedPlace, readRecorded, type LogDamage, type LogPin, type LogReader, type LogVerdict, type RawEntry, type RecordedEntry, type ScanReport, type TornTail } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import { divergenceAt, isIdentified, Oracle, type Divergence, type Lockstep } from '../replay/index.js';
import { changesSince, digestsIn, type Changed, type Identified } from './changes.js';
import { standIn } from './stand-in.js';

export interface ReplayOptions extends Cast {
  readonly codec: Codec;
  /** A head that was noted down earlier, as for `verify`. */
  readonly pin?: LogPin;
  /** Told now and then how many entries have been read: made again, up to the divergence if there is one. */
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
  /** `busSeq` of the pinned entry, where it was found. */
  readonly pinnedAt?: number;
  /**
   * `REPRODUCED`: the programs did again what the log says, entry by entry. `DIVERGED`: they did something else, first at
   * `divergence`. `INCOMPLETE`: the log is damaged, and as far as it is not, it was reproduced.
   */
  readonly replay: 'REPRODUCED' | 'DIVERGED' | 'INCOMPLETE';
  /** How many entries the log holds, up to the damage if there is any; a divergence says by itself how far it was made again. */
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
 * what the log uses and nobody passed, but for tools of another origin, and as reading does for what is no log.
 */
export async function replay(reader: LogReader, options: ReplayOptions): Promise<ReplayReport> {
  const run = new Replay(options);
  let report: ScanReport | undefined;
  try {
    for await (const batch of readRecorded(reader, options.codec, { onEnd: (found) => { report = found; } })) {
      for (const recorded of batch) run.take(recorded);
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
  #pinnedAt: number | undefined;
  #last: RawEntry | undefined;
  readonly #changed = new Map<string, Changed>();
  /** By agent, the program that it was begun with. */
  readonly #programs = new Map<string, Identified>();
  readonly #present: Digests;
  /** Tools whose schemas, as the last header that has them says, are not what they are now. */
  readonly #schemas = new Map<string, Changed>();
  /** By tool, its first call under schemas that are not what they are now. */
  readonly #calls = new Map<string, RawEntry>();

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

  /** After a divergence there is nothing to make again; what is read then counts for the other verdicts. */
  take(recorded: RecordedEntry): void {
    const { entry } = recorded;
    this.#look(entry);
    if (this.#oracle.failure === undefined) this.#lockstep.feed(recorded);
    this.#last = entry;
    if (entry.hash === this.#pin?.hash && (this.#pin.busSeq ?? entry.busSeq) === entry.busSeq) this.#pinnedAt = entry.busSeq;
  }

  finish(): void {
    this.#lockstep.finish();
  }

  report(scan: ScanReport | undefined): ReplayReport {
    const divergence = this.#firstDivergence();
    const pinnedAt = this.#pinnedAt;
    const isFound = pinnedAt !== undefined || this.#pin?.hash === GENESIS_HASH;
    return {
      ...integrityBy(scan),
      completeness: this.#pin === undefined ? 'UNPINNED' : isFound ? 'COMPLETE' : 'INCOMPLETE',
      ...(pinnedAt === undefined ? {} : { pinnedAt }),
      replay: divergence !== undefined ? 'DIVERGED' : scan?.damage !== undefined ? 'INCOMPLETE' : 'REPRODUCED',
      entries: this.entryCount,
      head: this.#last?.hash ?? GENESIS_HASH,
      ticks: this.#lockstep.tickCount,
      ...(divergence === undefined ? {} : { divergence: this.#explain(divergence) }),
      changed: [...this.#changed.values()],
    };
  }

  /** A tool whose schemas have changed since the last kernel diverges at its first call, if nothing else did before. */
  #firstDivergence(): Divergence | undefined {
    const { divergedAt: place, divergence } = this.#oracle;
    const [call] = [...this.#calls.values()].sort((one, other) => one.busSeq - other.busSeq);
    if (call === undefined || (place !== undefined && place.busSeq < call.busSeq)) return divergence;
    const { name, recorded, present } = this.#schemas.get(call.data['tool'] as string)!;
    const message = `The schemas of tool "${name}" are not what they were when it was called: recorded ${recorded?.digest ?? ''}, present ${present?.digest ?? ''}. Replay with the tool that wrote the log; a tool that takes or gives something else is best called something else.`;
    return { ...divergenceAt(call, call), message };
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
  #look(entry: RawEntry): void {
    const { agent, kind, data } = entry;
    if (kind === 'LOG_OPENED' || kind === 'KERNEL_STARTED') this.#lookAtHeader(digestsIn(data));
    if (this.#oracle.failure !== undefined) return;
    if ((kind === 'AGENT_SPAWNED' || kind === 'AGENT_CONTINUED') && agent !== null && isIdentified(data['program'])) this.#programs.set(agent, data['program'] as unknown as Identified);
    if (kind === 'AGENT_SPAWNED') this.#parts.state.agents.definition(data['type'] as string);
    else if (kind === 'TOOL_CALLED') {
      const { name } = this.#parts.registry.get(data['tool'] as string);
      if (this.#schemas.has(name) && !this.#calls.has(name)) this.#calls.set(name, entry);
    }
  }

  #standIn(name: string, origin: string | undefined): void {
    if (origin === undefined || this.#parts.registry.has(name)) return;
    this.#parts.registry.register(standIn(name, origin, () => this.#oracle.next));
  }

  #lookAtHeader(recorded: Digests): void {
    const changes = changesSince(recorded, this.#present);
    for (const change of changes) this.#changed.set(JSON.stringify(change), change);
    for (const name of Object.keys(recorded.tools)) {
      const change = changes.find((candidate) => candidate.what === 'schema' && candidate.name === name);
      this.#standIn(name, recorded.tools[name]!.origin);
      if (change !== undefined) this.#schemas.set(name, change);
      // A kernel with the present schemas took the log up: what it found is its own by now.
      else if (this.#schemas.delete(name)) this.#calls.delete(name);
    }
  }
}
