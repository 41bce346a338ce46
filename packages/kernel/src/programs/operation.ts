import { fromErrorRecord, type OmniError } from '../errors/index.js';
import type { Outcome } from '../pending/index.js';
import type { Instruction } from './instruction.js';

/** How one of several operations ended, for a program that wants to see failures as values. */
export type Settled<Result> =
  | { readonly status: 'fulfilled'; readonly value: Result }
  | { readonly status: 'rejected'; readonly reason: OmniError };

/**
 * An instruction that knows its result's type: `const text = yield* ctx.tool(readFile, { path })`.
 *
 * It does nothing by itself; `yield*` hands the instruction to the kernel.
 */
export class Operation<Result> implements Iterable<Instruction, Result> {
  readonly instruction: Instruction;
  readonly #convert: ((value: unknown) => Result) | undefined;

  constructor(instruction: Instruction, convert?: (value: unknown) => Result) {
    this.instruction = instruction;
    this.#convert = convert;
  }

  *[Symbol.iterator](): Generator<Instruction, Result> {
    return Operation.resultOf(this, yield this.instruction);
  }

  /** What a program gets of the kernel's answer; static, so that programs have no such method on their operations. */
  static resultOf<Result>(operation: Operation<Result>, value: unknown): Result {
    return operation.#convert === undefined ? (value as Result) : operation.#convert(value);
  }
}

/** A type of agent, as far as those who start one need to know it. */
export interface AgentTypeOf<Input, Result> {
  readonly type: string;
  /** Exists for the compiler only. */
  readonly '~types'?: { readonly input: Input; readonly result: Result };
}

type ResultsOf<Operations extends readonly Operation<unknown>[]> = {
  -readonly [Index in keyof Operations]: Operations[Index] extends Operation<infer Result> ? Result : never;
};

type SettledOf<Operations extends readonly Operation<unknown>[]> = {
  -readonly [Index in keyof Operations]: Operations[Index] extends Operation<infer Result> ? Settled<Result> : never;
};

/** All at once; waits for every one, then throws the first error by position, so that none is left in flight. */
export function all<const Operations extends readonly Operation<unknown>[]>(operations: Operations): Operation<ResultsOf<Operations>> {
  return new Operation(together(operations), (outcomes) => {
    const values = (outcomes as readonly Outcome[]).map((outcome, index) => {
      if (!outcome.ok) throw fromErrorRecord(outcome.error);
      return Operation.resultOf(operations[index]!, outcome.value);
    });
    return values as ResultsOf<Operations>;
  });
}

/** All at once; failures are values. */
export function allSettled<const Operations extends readonly Operation<unknown>[]>(
  operations: Operations,
): Operation<SettledOf<Operations>> {
  return new Operation(together(operations), (outcomes) => {
    const settled = (outcomes as readonly Outcome[]).map((outcome, index) =>
      outcome.ok
        ? { status: 'fulfilled', value: Operation.resultOf(operations[index]!, outcome.value) }
        : { status: 'rejected', reason: fromErrorRecord(outcome.error) },
    );
    return settled as SettledOf<Operations>;
  });
}

function together(operations: readonly Operation<unknown>[]): Instruction {
  return { op: 'ALL', of: operations.map(({ instruction }) => instruction) };
}
