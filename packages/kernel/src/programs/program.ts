import { OmniError, toErrorRecord } from '../errors/index.js';
import { assertPlainName } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { Outcome } from '../pending/index.js';
import type { AgentContext } from './context.js';
import type { Instruction } from './instruction.js';
import type { AgentTypeOf } from './operation.js';

/** A running program: yields instructions and is resumed with their results. */
export type Process = Generator<Instruction, unknown>;

/** A type of agent: a name, a version, and the program that its agents run. */
export interface AgentDefinition<Input = unknown, Result = unknown> extends AgentTypeOf<Input, Result> {
  /** Change it whenever the program changes in a way that old runs would notice. */
  readonly version: string;
  /** The program's text, from which its digest is made. */
  readonly source: string;
  readonly start: (context: AgentContext<never>, input: never) => Process;
}

/** A comfortable program: a generator function, typed by its own annotations. */
export type GeneratorProgram<Memory, Input, Result> = (
  context: AgentContext<Memory>,
  input: Input,
) => Generator<Instruction, Result>;

/**
 * A program as a pure function from what happened last to the next instruction; it ends with `RETURN`.
 *
 * `previous` is undefined at the start. All that it remembers is what it reads from memory.
 */
export interface DataProgram<Input, Result> {
  readonly evalInstruction: (
    previous: { readonly instruction: Instruction; readonly outcome: Outcome } | undefined,
    context: AgentContext<never>,
    input: Input,
  ) => Instruction;
  /** Exists for the compiler only. */
  readonly '~result'?: Result;
}

/** Defines a type of agent. */
export function defineAgent<Input, Result, Memory = Record<string, Json>>(
  type: string,
  program: GeneratorProgram<Memory, Input, Result> | DataProgram<Input, Result>,
  options: { readonly version?: string } = {},
): AgentDefinition<Input, Result> {
  assertPlainName('Agent type', type);
  const isGenerator = typeof program === 'function';
  if (!isGenerator && typeof (program as Partial<DataProgram<Input, Result>>).evalInstruction !== 'function') {
    throw new TypeError(`The program of agent type "${type}" is neither a generator function nor has it evalInstruction.`);
  }
  return Object.freeze({
    type,
    version: options.version ?? '0',
    source: String(isGenerator ? program : program.evalInstruction),
    start: (context: AgentContext<never>, input: never) =>
      isGenerator ? asProcess(type, program(context as never, input)) : runData(program, context, input),
  });
}

/** An async function answers with a promise, and its generator with a promise for each step: neither can be a tick. */
function asProcess(type: string, made: unknown): Process {
  if (made instanceof Promise) forget(made);
  else if (typeof made !== 'object' || made === null || !(Symbol.asyncIterator in made)) return made as Process;
  throw new OmniError('PROGRAM_FAILED', `The program of agent type "${type}" is asynchronous. Write function* instead of async function.`);
}

/** A promise that nobody awaits must not end the process by its rejection. */
function forget(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}

function* runData<Input>(program: DataProgram<Input, unknown>, context: AgentContext<never>, input: Input): Process {
  let instruction = synchronous(program.evalInstruction(undefined, context, input));
  // Whatever it answers is the kernel's to refuse.
  while ((instruction as Instruction | undefined)?.op !== 'RETURN') {
    let outcome: Outcome;
    try {
      outcome = { ok: true, value: (yield instruction) as never };
    } catch (thrown) {
      outcome = { ok: false, error: toErrorRecord(thrown as OmniError) };
    }
    instruction = synchronous(program.evalInstruction({ instruction, outcome }, context, input));
  }
  return (instruction as Instruction & { readonly op: 'RETURN' }).value;
}

function synchronous(instruction: Instruction): Instruction {
  if (!(instruction instanceof Promise)) return instruction;
  forget(instruction);
  throw new OmniError('INVALID_INSTRUCTION', 'evalInstruction answered with a promise. It must answer with the instruction itself.');
}
