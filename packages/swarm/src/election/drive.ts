import type { Instruction } from '@omnipaw/kernel';

/** Runs a part of a program, and has each of its instructions carried out by somebody else than the kernel. */
export function* drive<Result>(part: Iterable<Instruction, Result>, carryOut: (instruction: Instruction) => Iterable<Instruction, unknown>): Generator<Instruction, Result> {
  const running = part[Symbol.iterator]() as Iterator<Instruction, Result, unknown>;
  let step = running.next();
  while (step.done !== true) {
    let outcome: { readonly value: unknown } | { readonly error: unknown };
    try {
      outcome = { value: yield* carryOut(step.value) };
    } catch (error) {
      outcome = { error };
    }
    if ('value' in outcome) step = running.next(outcome.value);
    else if (running.throw !== undefined) step = running.throw(outcome.error);
    else throw outcome.error;
  }
  return step.value;
}
