/**
 * What a tool asks of the kernel while it runs, on behalf of the agent that called it.
 *
 * 1. An ask is an instruction like any other: the agent's permissions are asked, guards are asked, it is recorded, and it is made
 *    again in a replay. What the tool itself is allowed, whoever made the tool has decided; that stands in the entry.
 * 2. Asks begin in the order in which they were asked for. What comes of them is an entry, and the tool is told of it then.
 * 3. A tool that runs again after a crash and asks the same gets what is on record: nothing is done twice.
 */
import { fromErrorRecord, OmniError, toErrorRecord } from '../errors/index.js';
import type { Settings } from '../header/index.js';
import type { PermissionRecord } from '../identity/index.js';
import { differences, toJsonWithin, type Json } from '../json/index.js';
import type { Entry, Projection } from '../logging/index.js';
import type { Outcome } from '../pending/index.js';
import type { Timers } from '../ports/index.js';
import { Queue } from '../queue/index.js';
import type { AskedInstruction, Asking } from '../tools/index.js';
import { carryOut, type CarryOutOptions } from './carry-out.js';
import { frozenCopy } from './frozen-copy.js';
import { invalidInstruction } from './require.js';

export interface AsksOptions extends CarryOutOptions {
  readonly settings: Settings;
  readonly timers: Pick<Timers, 'defer'>;
  /** Whether the state is half one step and half the next. */
  readonly isBusy: () => boolean;
  /** Lets agents go on that are ready now. */
  readonly drain: () => void;
}

/** As an entry has it. */
export interface RecordedAsk {
  readonly agent: string;
  readonly tick: number;
  readonly asker: number;
  readonly tool: string;
  readonly instruction: Json;
  readonly toolPermission: PermissionRecord;
}

interface Waiting {
  readonly asker: number;
  readonly call: number;
  readonly settle: (outcome: Outcome) => void;
}

/** Tools may be asked for that ask themselves, but not without end. */
const MAX_DEPTH = 8;
const OPS: ReadonlySet<unknown> = new Set(['CALL_TOOL', 'READ', 'WRITE']);

export class Asks implements Projection {
  readonly #options: AsksOptions;
  readonly #queue = new Queue<() => void>();
  /** By agent, who waits for what comes of an ask. */
  readonly #waiting = new Map<string, readonly Waiting[]>();

  constructor(options: AsksOptions) {
    this.#options = options;
  }

  /** Rejects with what the instruction is refused with, and with `TOOL_ABORTED` once nobody waits for the tool any more. */
  async ask(asking: Asking, instruction: AskedInstruction, toolPermission: PermissionRecord): Promise<Json> {
    const wanted = this.#checked(asking, instruction);
    const outcome = await new Promise<Outcome>((settle, reject) => {
      this.#queue.push(() => {
        try {
          this.#start({ asking, wanted, toolPermission, settle });
        } catch (thrown) {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever it is, it is passed on
          reject(thrown);
        }
      });
      this.#work();
    });
    if (outcome.ok) return outcome.value;
    throw fromErrorRecord(outcome.error);
  }

  /** Records that a tool asks, and carries it out: the same live and in a replay. */
  begin({ agent, ...asked }: RecordedAsk): void {
    const { emit, pending } = this.#options;
    assertMayBeAsked(asked);
    const { time, data } = emit({ kind: 'TOOL_ASKED', agent, data: { ...asked, call: pending.nextAsk(agent) } });
    const { tick, call, toolPermission, instruction } = data;
    if (toolPermission.decision === 'ALLOW') {
      carryOut(instruction, { agent, tick, call, now: time }, this.#options);
      return;
    }
    emit({ kind: 'CALL_SETTLED', agent, data: { tick, call, result: { ok: false, error: toErrorRecord(notTheTools(data)) } } });
  }

  apply({ agent }: Entry): void {
    const waiting = agent === null ? undefined : this.#waiting.get(agent);
    if (agent === null || waiting === undefined) return;
    const left = waiting.filter((one) => !this.#isOver(agent, one));
    if (left.length > 0) this.#waiting.set(agent, left);
    else this.#waiting.delete(agent);
  }

  #isOver(agent: string, { asker, call, settle }: Waiting): boolean {
    const slot = this.#options.pending.asksOf(agent, asker).find((ask) => ask.call === call);
    if (slot !== undefined && slot.outcome === undefined) return false;
    settle(slot?.outcome ?? { ok: false, error: toErrorRecord(nobodyWaits(agent)) });
    return true;
  }

  /** In the middle of an entry or a tick nothing can begin; what was asked for first begins first. */
  #work(): void {
    const { isBusy, drain, timers } = this.#options;
    while (this.#queue.size > 0) {
      if (isBusy()) {
        timers.defer(() => { this.#work(); });
        return;
      }
      this.#queue.shift()?.();
      drain();
    }
  }

  #start({ asking, wanted, toolPermission, settle }: { readonly asking: Asking; readonly wanted: Json; readonly toolPermission: PermissionRecord; readonly settle: Waiting['settle'] }): void {
    const { pending } = this.#options;
    const { agent, tick, call: asker, tool, index, isWanted } = asking;
    if (!isWanted()) throw nobodyWaits(agent);
    const known = pending.asksOf(agent, asker)[index];
    if (known !== undefined && differences(known.asked.instruction, wanted).length > 0) throw askedOtherwise(asking);
    if (known?.outcome !== undefined) {
      settle(known.outcome);
      return;
    }
    this.#waiting.set(agent, [...(this.#waiting.get(agent) ?? []), { asker, call: known?.call ?? pending.nextAsk(agent), settle }]);
    if (known === undefined) this.begin({ agent, tick, asker, tool, instruction: wanted, toolPermission });
  }

  #checked({ agent, tick, call, tool }: Asking, instruction: AskedInstruction): Json {
    const { pending, settings } = this.#options;
    assertMayBeAsked({ tool, instruction });
    let depth = 1;
    for (let asker: number | undefined = call; asker !== undefined && asker < 0; asker = pending.find(agent, tick, asker)?.asked?.asker) depth++;
    if (depth > MAX_DEPTH) throw invalidInstruction(`Tool "${tool}" was asked for by a tool that was asked for by a tool, ${String(depth)} deep; ${String(MAX_DEPTH)} is the most.`);
    return toJsonWithin(frozenCopy(instruction), settings.limits.maxValueBytes, `What tool "${tool}" asks for`);
  }
}

function assertMayBeAsked({ tool, instruction }: { readonly tool: string; readonly instruction: unknown }): void {
  const op = (instruction as Partial<AskedInstruction> | undefined)?.op;
  if (!OPS.has(op)) throw invalidInstruction(`Tool "${tool}" asked for ${op === undefined ? 'nothing' : JSON.stringify(op)}; a tool can ask for ${[...OPS].join(', ')}.`);
}

function nobodyWaits(agent: string): OmniError {
  return new OmniError('TOOL_ABORTED', `Nobody waits for the tool any more that asked on behalf of agent "${agent}".`, { details: { agent } });
}

function notTheTools({ tool, instruction, toolPermission: { by } }: Pick<RecordedAsk, 'tool' | 'instruction' | 'toolPermission'>): OmniError {
  const { op, tool: asked } = instruction as { readonly op: string; readonly tool?: string };
  const what = asked === undefined ? op : `${op} ${asked}`;
  return new OmniError('PERMISSION_DENIED', `Tool "${tool}" may not ask for ${what}: ${by}.`, { details: { tool, op, by } });
}

function askedOtherwise({ agent, tool, index }: Asking): OmniError {
  const message = `Tool "${tool}" runs again after a crash, and asks for something else than before, as number ${String(index + 1)}: what it did then is on record and can't be taken back. Let it depend on its arguments and on what it is answered alone.`;
  return new OmniError('TOOL_FAILED', message, { details: { agent, tool, ask: index + 1 } });
}
