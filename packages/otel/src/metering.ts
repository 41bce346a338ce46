/** The numbers of one kernel: what the entries say that it writes, and how long things take. */
import type { Entry, TickInfo, ToolCallInfo, Usage } from '@omnipaw/kernel';
import type { Instruments } from './instruments.js';
import * as names from './names.js';
import { callKey, type Place, type Places } from './places.js';
import type { Cell, Totals } from './totals.js';

/** What is counted of an agent from its first moment here to its end. */
interface Counted {
  readonly place: Place;
  readonly active: Cell;
  /** By call, when the attempt began that is under way. */
  readonly begun: Map<number, number>;
  openCalls: number;
  mail: number;
}

export class Metering {
  readonly #instruments: Instruments;
  readonly #places: Pick<Places, 'of'>;
  readonly #agents = new Map<string, Counted>();
  readonly #mail: Cell;
  readonly #open: Cell;
  readonly #running: Cell;
  readonly #backlog: Cell;
  /** Attributes of a tool's latencies. */
  readonly #latencyOf = new Map<string, { readonly [names.TOOL]: string }>();
  #lastSeq: number;
  #durableSeq: number;
  /** When the oldest entry was made that is not durable. */
  #waitingSince: number | undefined;

  constructor(instruments: Instruments, places: Pick<Places, 'of'>, startSize: number) {
    this.#instruments = instruments;
    this.#places = places;
    this.#mail = plain(instruments.mail);
    this.#open = plain(instruments.callsOpen);
    this.#running = plain(instruments.callsRunning);
    this.#backlog = plain(instruments.backlog);
    this.#lastSeq = this.#durableSeq = startSize - 1;
  }

  begin(agent: string): void {
    const place = this.#places.of(agent);
    if (place === undefined || this.#agents.has(agent)) return;
    const active = this.#instruments.agentsActive.cell(place.type, () => ({ [names.AGENT_TYPE]: place.type }));
    const counted: Counted = { place, active, begun: new Map(), openCalls: place.calls.size, mail: place.mail };
    this.#agents.set(agent, counted);
    active.value++;
    this.#open.value += counted.openCalls;
    this.#mail.value += counted.mail;
  }

  tick(info: TickInfo, next: () => void): void {
    next();
    const type = this.#agents.get(info.agent)?.place.type ?? '';
    const outcome = info.outcome ?? 'NONE';
    this.#instruments.ticks.cell(`${type} ${outcome}`, () => ({ [names.AGENT_TYPE]: type, [names.TICK_OUTCOME]: outcome })).value++;
  }

  async attempt({ agent, tick, call }: ToolCallInfo, next: () => Promise<void>): Promise<void> {
    this.#agents.get(agent)?.begun.set(callKey(tick, call), performance.now());
    this.#running.value++;
    try {
      await next();
    } finally {
      this.#running.value--;
    }
  }

  apply(entry: Entry): void {
    const { kind, data, busSeq } = entry;
    const agent = entry.agent ?? '';
    this.#lastSeq = busSeq;
    this.#backlog.value++;
    this.#waitingSince ??= performance.now();
    this.#instruments.entries.cell(kind, () => ({ [names.ENTRY_KIND]: kind })).value++;
    switch (kind) {
      case 'TOOL_CALLED':
        this.#opened(agent, 1);
        break;
      case 'TOOL_RESULT':
        this.#settled(agent, entry);
        break;
      case 'TOOL_RETRIED':
        this.#attempted(agent, data);
        this.#count('retries', data.tool, data.error.code);
        break;
      case 'STALE_RESULT':
        this.#attempted(agent, data);
        break;
      case 'MESSAGE_SENT':
        this.#mailed(data.to, 1);
        break;
      case 'MESSAGE_RECEIVED':
        this.#mailed(agent, -1);
        break;
      case 'AGENT_FAULTED':
        this.#ended(agent, 'faulted', data.error.code);
        break;
      case 'AGENT_TERMINATED':
        this.#ended(agent, data.reason === 'completed' ? 'completed' : 'terminated', data.error?.code);
        break;
      default:
        this.#rare(entry);
    }
  }

  durable(durableSeq: number): void {
    // A log that failed tells as well, and nothing is durable by that.
    if (durableSeq <= this.#durableSeq) return;
    const now = performance.now();
    this.#backlog.value -= durableSeq - this.#durableSeq;
    this.#durableSeq = durableSeq;
    if (this.#waitingSince !== undefined) this.#instruments.sync.record(now - this.#waitingSince);
    this.#waitingSince = durableSeq < this.#lastSeq ? now : undefined;
  }

  /** Levels are those of kernels that run. */
  close(): void {
    for (const agent of [...this.#agents.keys()]) this.#forget(agent);
    this.#backlog.value -= this.#lastSeq - this.#durableSeq;
    this.#durableSeq = this.#lastSeq;
  }

  #rare({ kind, data }: Entry): void {
    const { denials, delays, quotaWarned, quotaExceeded } = this.#instruments;
    if (kind === 'REFUSED') denials.cell(`${data.op} ${data.error.code}`, () => ({ [names.OPERATION]: data.op, [names.ERROR_TYPE]: data.error.code })).value++;
    else if (kind === 'DELAY_STARTED') delays.cell(data.instruction.tool, () => ({ [names.TOOL]: data.instruction.tool })).value++;
    // Entries of an extension that this package does not know of otherwise.
    const named = kind as string;
    if (named !== 'QUOTA_WARNED' && named !== 'QUOTA_EXCEEDED') return;
    const { resource } = data as unknown as { readonly resource: string };
    (named === 'QUOTA_WARNED' ? quotaWarned : quotaExceeded).cell(resource, () => ({ [names.RESOURCE]: resource })).value++;
  }

  #count(name: 'calls' | 'retries', tool: string, code: string | undefined): void {
    this.#instruments[name].cell(code === undefined ? tool : `${tool} ${code}`, () => ({ [names.TOOL]: tool, ...(code === undefined ? {} : { [names.ERROR_TYPE]: code }) })).value++;
  }

  #opened(agent: string, change: number): void {
    const counted = this.#agents.get(agent);
    if (counted === undefined) return;
    counted.openCalls += change;
    this.#open.value += change;
  }

  #settled(agent: string, { data }: Extract<Entry, { kind: 'TOOL_RESULT' }>): void {
    this.#opened(agent, -1);
    this.#attempted(agent, data);
    this.#count('calls', data.tool, data.result.ok ? undefined : data.result.error.code);
  }

  /** What came of an attempt that this process has made. */
  #attempted(agent: string, { tick, call, tool, usage }: { readonly tick: number; readonly call: number; readonly tool: string; readonly usage?: Usage }): void {
    if (usage !== undefined) this.#used(tool, usage);
    const begun = this.#agents.get(agent)?.begun;
    const key = callKey(tick, call);
    const began = begun?.get(key);
    if (began === undefined) return;
    begun?.delete(key);
    let attributes = this.#latencyOf.get(tool);
    if (attributes === undefined) this.#latencyOf.set(tool, (attributes = { [names.TOOL]: tool }));
    this.#instruments.latency.record(performance.now() - began, attributes);
  }

  #used(tool: string, { tokens = 0, cost = 0 }: Usage): void {
    const attributesOf = (): { readonly [names.TOOL]: string } => ({ [names.TOOL]: tool });
    if (tokens > 0) this.#instruments.tokens.cell(tool, attributesOf).value += tokens;
    if (cost > 0) this.#instruments.cost.cell(tool, attributesOf).value += cost;
  }

  #mailed(agent: string, change: number): void {
    const counted = this.#agents.get(agent);
    if (counted === undefined) return;
    counted.mail += change;
    this.#mail.value += change;
  }

  #ended(agent: string, how: string, code: string | undefined): void {
    const type = this.#forget(agent);
    // A FAULTED agent that is abandoned has ended already.
    if (type === undefined) return;
    const attributesOf = () => ({ [names.AGENT_TYPE]: type, [names.AGENT_END]: how, ...(code === undefined ? {} : { [names.ERROR_TYPE]: code }) });
    this.#instruments.agentsEnded.cell(`${type} ${how} ${code ?? ''}`, attributesOf).value++;
  }

  #forget(agent: string): string | undefined {
    const counted = this.#agents.get(agent);
    if (counted === undefined) return undefined;
    this.#agents.delete(agent);
    counted.active.value--;
    this.#open.value -= counted.openCalls;
    this.#mail.value -= counted.mail;
    return counted.place.type;
  }
}

function plain(totals: Totals): Cell {
  return totals.cell('', () => ({}));
}
