import { OmniError } from '../errors/index.js';
import { InvariantChecker } from '../invariants/index.js';
import { Lockstep, type Oracle } from '../replay/index.js';
import type { Codec, Ports } from '../ports/index.js';
import { assemble, type Parts } from './assemble.js';
import type { KernelConfig } from './config.js';

/** What is run again: the programs, what they may call, and what else takes part in deciding. */
export type Cast = Pick<KernelConfig, 'agents' | 'tools' | 'extensions'>;

/** A kernel that lives in the past: nothing that it does leaves it, and it can't ask for anything (INV-18, INV-20). */
export function rehearse(cast: Cast, oracle: Oracle, codec: Codec): { readonly parts: Parts; readonly lockstep: Lockstep } {
  const problems = (thrown: unknown): OmniError => new OmniError('EXTENSION_FAILED', 'Something went wrong in a replay.', { cause: thrown });
  const parts = assemble({
    config: { ...cast, log: NOWHERE },
    host: { ports: portsOfThePast(codec), kernelVersion: '' },
    log: oracle,
    logId: '',
    mode: 'REPLAY',
    oracle,
    recordedCount: Infinity,
    audit: { record: () => undefined, close: () => Promise.resolve() },
    report: problems,
    rested: () => undefined,
  });
  return { parts, lockstep: lockstepOf(parts, oracle) };
}

export function lockstepOf(parts: Parts, oracle: Oracle): Lockstep {
  const { state, bus, scheduler } = parts;
  const runNextTick = (): boolean => scheduler.runNext();
  return new Lockstep({ ...parts, pending: state.pending, emit: bus.emit, oracle, runNextTick });
}

const INVARIANTS = new InvariantChecker();

/** Whatever asks for the present is a mistake of the kernel's own. */
function portsOfThePast(codec: Codec): Ports {
  const refuse = (what: string) => (): never => INVARIANTS.breached('INV-20', `by asking for ${what} in a replay.`);
  return {
    codec,
    clock: { now: refuse('the time') },
    random: { hex: refuse('chance') },
    timers: { set: refuse('a timer'), defer: refuse('a turn') },
    createAbort: refuse('a signal'),
  };
}

const NOWHERE: KernelConfig['log'] = {
  open: () => Promise.reject(new TypeError('A replay has no log of its own.')),
  append: () => Promise.reject(new TypeError('A replay has no log of its own.')),
  close: () => Promise.resolve(),
  // eslint-disable-next-line @typescript-eslint/require-await, require-yield -- there is nothing to read
  read: async function* () { return; },
};
