import type { Entry, ErrorRecord } from '@omnipaw/kernel';
import { isDenial } from '../denials.js';
import { count, timeText } from '../terminal/printable.js';

/** Something that an agent was denied only because nothing granted it. */
export interface MissingGrant {
  readonly agent: string;
  /** What would have allowed it: `call:host.fs.read`. */
  readonly grant: string;
}

/** Counts what a run does, from the entries of its log. */
export class RunTally {
  #agents = 0;
  #toolCalls = 0;
  #denials = 0;
  #warnings = 0;
  /** By agent, tick and call, until when a call waits that a guard lets wait. */
  readonly #delays = new Map<string, number>();
  /** By agent. */
  readonly #ticks = new Map<string, number>();
  readonly #runningCalls = new Map<string, number>();
  /** By agent and grant. */
  readonly #missingGrants = new Map<string, MissingGrant>();

  add(entry: Entry): void {
    const { agent, kind } = entry;
    if (agent === null) return;
    const { tick } = entry.data as { readonly tick?: number };
    if (tick !== undefined) this.#ticks.set(agent, Math.max(tick, this.#ticks.get(agent) ?? 0));
    if (isDenial(entry)) this.#denials++;
    if (kind === 'AGENT_SPAWNED') this.#agents++;
    else if (kind === 'TOOL_CALLED') this.#toolCalls += this.#running(agent, 1);
    else if (kind === 'TOOL_RESULT') this.#running(agent, -1);
    else if (kind === 'AGENT_TERMINATED' || kind === 'AGENT_FAULTED') this.#ended(agent);
    else if (kind === 'REFUSED') this.#refused(agent, entry.data.error);
    else if (kind === 'DELAY_STARTED') this.#delays.set(callOf(agent, entry.data), entry.data.deadline);
    else if (kind === 'DELAY_ENDED') this.#delays.delete(callOf(agent, entry.data));
    else if ((kind as string) === 'QUOTA_WARNED') this.#warnings++;
  }

  /** What would have made agents go on that were denied something, each once. */
  get missingGrants(): readonly MissingGrant[] {
    return [...this.#missingGrants.values()];
  }

  /** `2 agents, 7 ticks, 3 tool calls, no denials`. */
  get text(): string {
    return this.#text('');
  }

  /** The same with what is under way. */
  get liveText(): string {
    const running = sum(this.#runningCalls.values());
    const underWay = [...(running === 0 ? [] : [`${running} running`]), ...(this.#delays.size === 0 ? [] : [this.#waiting()])];
    return this.#text(underWay.length === 0 ? '' : ` (${underWay.join(', ')})`);
  }

  #text(running: string): string {
    const ticks = count(sum(this.#ticks.values()), 'tick');
    const calls = count(this.#toolCalls, 'tool call') + running;
    const warnings = this.#warnings === 0 ? '' : `, ${count(this.#warnings, 'warning')}`;
    return `${count(this.#agents, 'agent')}, ${ticks}, ${calls}, ${count(this.#denials, 'denial')}${warnings}`;
  }

  #waiting(): string {
    return `${this.#delays.size} waiting for their rate, the next until ${timeText(Math.min(...this.#delays.values()))}`;
  }

  #ended(agent: string): void {
    this.#runningCalls.delete(agent);
    for (const call of this.#delays.keys()) if (call.startsWith(`${agent} `)) this.#delays.delete(call);
  }

  #running(agent: string, change: 1 | -1): number {
    this.#runningCalls.set(agent, (this.#runningCalls.get(agent) ?? 0) + change);
    return change;
  }

  #refused(agent: string, { details }: ErrorRecord): void {
    const { action, resource, permission } = (details ?? {}) as DenialDetails;
    // A grant is of no use against a policy, nor to an agent whose token is void.
    if (action === undefined || resource === undefined || permission?.by !== 'default') return;
    const grant = `${action}:${resource}`;
    this.#missingGrants.set(`${agent} ${grant}`, { agent, grant });
  }
}

/** What the kernel says with `PERMISSION_DENIED`. */
interface DenialDetails {
  readonly action?: string;
  readonly resource?: string;
  readonly permission?: { readonly by?: string };
}

function callOf(agent: string, { tick, call }: { readonly tick: number; readonly call: number }): string {
  return `${agent} ${tick}/${call}`;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
