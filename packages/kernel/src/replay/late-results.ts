import type { ErrorRecord } from '../errors/index.js';
import type { Entry } from '../logging/index.js';

/**
 * Which attempts at tool calls may still give a result that nobody waits for any more: those whose time was up, and those under
 * way when their agent ended.
 */
export class LateResults {
  /** By agent, the calls of which an attempt is under way. */
  readonly #open = new Map<string, ToolCall[]>();
  /** By agent and call, how many results may come. */
  readonly #late = new Map<string, number>();
  #startSeq = 0;

  /** Where the present kernel began. */
  get startSeq(): number {
    return this.#startSeq;
  }

  mayCome(agent: string, call: ToolCall): boolean {
    // What a tool has asked for may be over before it has answered; nothing else says so.
    const isAsked = call.call < 0 && this.#open.get(agent)?.some((one) => nameOf(one) === nameOf(call)) === true;
    return isAsked || this.#late.has(`${agent}/${nameOf(call)}`);
  }

  apply({ agent, kind, data, busSeq }: Entry): void {
    if (kind === 'KERNEL_STARTED') {
      this.#startSeq = busSeq;
      // What an earlier kernel had under way ended with it.
      this.#late.clear();
    } else if (agent === null) return;
    else if (kind === 'STALE_RESULT') this.#count(agent, nameOf(data), -1);
    else if (kind === 'AGENT_FAULTED' || kind === 'AGENT_TERMINATED') {
      for (const call of this.#open.get(agent) ?? []) this.#count(agent, nameOf(call), 1);
      this.#open.delete(agent);
    } else if (kind === 'TOOL_CALLED' || kind === 'TOOL_ATTEMPTED') this.#openOf(agent).push(data);
    else if (kind === 'TOOL_RETRIED') this.#ended(agent, data, data.error);
    else if (kind === 'TOOL_RESULT') this.#ended(agent, data, data.result.ok ? undefined : data.result.error);
  }

  #openOf(agent: string): ToolCall[] {
    const known = this.#open.get(agent);
    if (known !== undefined) return known;
    const open: ToolCall[] = [];
    this.#open.set(agent, open);
    return open;
  }

  /** An attempt whose time was up may give a result all the same. */
  #ended(agent: string, { tick, call, tool }: ToolCall, error: ErrorRecord | undefined): void {
    const open = this.#openOf(agent);
    const index = open.findIndex((one) => one.tick === tick && one.call === call);
    if (index >= 0) open.splice(index, 1);
    if (error?.code === 'TOOL_TIMEOUT') this.#count(agent, nameOf({ tick, call, tool }), 1);
  }

  #count(agent: string, name: string, more: number): void {
    const key = `${agent}/${name}`;
    const count = (this.#late.get(key) ?? 0) + more;
    if (count > 0) this.#late.set(key, count);
    else this.#late.delete(key);
  }
}

interface ToolCall {
  readonly tick: number;
  readonly call: number;
  readonly tool: string;
}

function nameOf({ tick, call, tool }: ToolCall): string {
  return `${String(tick)}/${String(call)}/${tool}`;
}
