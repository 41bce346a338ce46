import type { Json } from '../json/index.js';
import type { Evaluated } from '../programs/index.js';
import type { Approved, Position } from './authority.js';
import { carryOut, type CarryOutOptions } from './carry-out.js';
import type { DelayNeeded } from './guard.js';

/** Tool calls that a guard lets wait: parked until their time has come, and then asked about again; survive a restart. */
export class Delays {
  readonly #options: CarryOutOptions;

  constructor(options: CarryOutOptions) {
    this.#options = options;
  }

  start({ call: { tool, args, reserved }, untilMs, by }: DelayNeeded, { agent, tick, call, approvals }: Position): Evaluated {
    const { note, pending } = this.#options;
    const given = { ...(reserved === undefined ? {} : { reserved }), ...(approvals === undefined ? {} : { approved: approvals }) };
    const instruction = { op: 'CALL_TOOL', tool, args };
    note({ kind: 'DELAY_STARTED', agent, data: { tick, call, by, instruction, ...given, deadline: untilMs, ...pending.waiting(agent, 'yield') } });
    return 'TIMER';
  }

  /** Carries out a call that waits here; false if none does under this name. */
  end(agent: string, tick: number, call: number): boolean {
    const { emit, pending } = this.#options;
    const { instruction, approved } = (pending.find(agent, tick, call)?.opened ?? {}) as { readonly instruction?: Json; readonly approved?: readonly Approved[] };
    if (instruction === undefined) return false;
    const { time } = emit({ kind: 'DELAY_ENDED', agent, data: { tick, call } });
    carryOut(instruction, { agent, tick, call, now: time, ...(approved === undefined ? {} : { approvals: approved }) }, this.#options);
    return true;
  }
}
