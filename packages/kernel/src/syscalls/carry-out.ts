/** Carrying out what an agent asked for in an earlier tick, and what had to wait since. */
import type { OmniError } from '../errors/index.js';
import { toJson, type Json } from '../json/index.js';
import type { Emit } from '../logging/index.js';
import type { Outcome, PendingOperations } from '../pending/index.js';
import type { Evaluated, Instruction } from '../programs/index.js';
import type { Position } from './authority.js';

export interface CarryOutOptions {
  readonly pending: PendingOperations;
  readonly emit: Emit;
  readonly note: Emit;
  readonly perform: (instruction: Instruction, at: Position) => Evaluated;
  /** Ends an agent with whose instruction the kernel could not go on. */
  readonly ended: (agent: string, tick: number, error: OmniError) => void;
}

/** An instruction either waits for what it started, or settles here and now. */
export function carryOut(instruction: Json, at: Position, { pending, emit, perform, ended }: CarryOutOptions): void {
  const { agent, tick, call } = at;
  const evaluated = perform(instruction as unknown as Instruction, at);
  if (typeof evaluated === 'string') return;
  if (!evaluated.ok && evaluated.fatal !== undefined) {
    ended(agent, tick, evaluated.fatal);
    return;
  }
  const result: Outcome = evaluated.ok ? { ok: true, value: recordable(evaluated.value) } : { ok: false, error: evaluated.error };
  emit({ kind: 'CALL_SETTLED', agent, data: { tick, call, result, ...pending.resuming(agent, call) } });
}

/** What an instruction answers is JSON but for what it leaves undefined: nothing at all, or the value of an absent key. */
function recordable(value: unknown): Json {
  if (typeof value !== 'object' || value === null) return value === undefined ? null : toJson(value);
  return toJson(Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)));
}
