import { fromErrorRecord, OmniError } from '../errors/index.js';
import type { Outcome, PendingKind } from '../pending/index.js';
import type { Evaluated, Instruction, InstructionOp, Process } from '../programs/index.js';
import { AgentEnded } from '../syscalls/index.js';
import type { TickWatch } from './watch.js';

/** What a process was waiting for when its last tick ended: a call index, or for `ALL` one of them or a result for each. */
export type Awaiting = number | readonly (number | Evaluated)[];

export interface TickInput {
  readonly process: Process;
  /** Undefined for the first tick. */
  readonly awaiting: Awaiting | undefined;
  /** How a call that the last tick waited for ended. */
  readonly outcomeOf: (call: number) => Outcome;
  readonly evaluate: (instruction: Instruction, call: number) => Evaluated;
  readonly maxSteps: number;
  /** Runs the program's own steps in a tick that is measured. */
  readonly watch?: Pick<TickWatch, 'run'> | undefined;
}

export type TickOutput =
  | { readonly outcome: 'COMPLETED'; readonly value: unknown }
  /** The program begins anew, with this input. */
  | { readonly outcome: 'CONTINUED'; readonly input: unknown }
  | { readonly outcome: 'FAILED'; readonly error: unknown }
  /** The kernel itself ends the agent: a guard's hard limit, or a breach. */
  | { readonly outcome: 'ENDED'; readonly error: OmniError }
  | { readonly outcome: `PENDING_${PendingKind}`; readonly awaiting: Awaiting };

/**
 * One tick: a program runs from one resume value to its next outcome.
 *
 * 1. Synchronous, from start to end; the only thing it touches is `evaluate`, the one seam to the kernel (INV-20).
 * 2. At most `maxSteps` instructions, else `TICK_OVERFLOW` (INV-12).
 * 3. What the program throws is its failure; what the kernel cannot go on with ends the tick and is not the program's
 *    to catch.
 */
export class TickEngine {
  /** Runs one tick; throws nothing that the program threw, and what `outcomeOf` throws. */
  runTick(input: TickInput): TickOutput {
    const { maxSteps } = input;
    // Outside the try: a result that is not there is no failure of the program's (INV-14).
    const awaited = outcomesOf(input);
    try {
      let step = resume(input, awaited);
      let call = 0;
      let steps = 0;
      while (step.done !== true) {
        const instruction = step.value;
        const parts = partsOf(instruction);
        // Each part is a step, and an empty ALL is one, too.
        steps += parts === undefined ? 1 : Math.max(1, parts.length);
        if (steps > maxSteps) return { outcome: 'FAILED', error: overflow(maxSteps) };
        if (ENDINGS.has((instruction as Instruction | undefined)?.op)) return ended(input, instruction);
        const slots = parts === undefined ? undefined : evaluateParts(input, parts, call);
        const evaluated = slots === undefined ? input.evaluate(instruction, call) : combine(slots);
        if (typeof evaluated === 'string') return { outcome: `PENDING_${evaluated}`, awaiting: awaitingOf(slots, call) };
        call += numbersTaken(instruction, slots);
        if (!evaluated.ok && evaluated.fatal !== undefined) return { outcome: 'ENDED', error: evaluated.fatal };
        step = deliver(input, evaluated);
      }
      return { outcome: 'COMPLETED', value: step.value };
    } catch (thrown) {
      return thrown instanceof AgentEnded ? { outcome: 'ENDED', error: thrown.error } : { outcome: 'FAILED', error: thrown };
    }
  }
}

/** To ask for a version changes no number: an old history that has none is to fit the program that asks for it now. */
function numbersTaken(instruction: Instruction, slots: readonly Evaluated[] | undefined): number {
  return slots?.length ?? ((instruction as Instruction | undefined)?.op === 'VERSION' ? 0 : 1);
}

type Awaited = Outcome | readonly Evaluated[];

function outcomesOf({ awaiting, outcomeOf }: TickInput): Awaited | undefined {
  if (awaiting === undefined) return undefined;
  if (typeof awaiting === 'number') return outcomeOf(awaiting);
  return awaiting.map((slot) => (typeof slot === 'number' ? outcomeOf(slot) : slot));
}

type Step = IteratorResult<Instruction, unknown>;

function resume(tick: TickInput, awaited: Awaited | undefined): Step {
  return awaited !== undefined && 'ok' in awaited ? deliver(tick, awaited) : next(tick, awaited);
}

function deliver(tick: TickInput, evaluated: Exclude<Evaluated, string>): Step {
  if (evaluated.ok) return next(tick, evaluated.value);
  const { process, watch } = tick;
  const error = fromErrorRecord(evaluated.error);
  return watch === undefined ? process.throw(error) : watch.run(() => process.throw(error));
}

function next({ process, watch }: TickInput, value: unknown): Step {
  return watch === undefined ? process.next(value) : watch.run(() => process.next(value));
}

/** The parts of an `ALL` that can be evaluated, copied; undefined for any other instruction. */
function partsOf(instruction: Instruction): readonly Instruction[] | undefined {
  if ((instruction as Instruction | undefined)?.op !== 'ALL') return undefined;
  const { of } = instruction as { of: unknown };
  if (!Array.isArray(of)) return undefined;
  const parts = [...(of as Instruction[])];
  const isNested = parts.some((part: Instruction | undefined) => part?.op === 'ALL' || ENDINGS.has(part?.op));
  return isNested ? undefined : parts;
}

function evaluateParts({ evaluate }: TickInput, parts: readonly Instruction[], firstCall: number): readonly Evaluated[] {
  const evaluated: Evaluated[] = [];
  for (const part of parts) {
    const one = evaluate(part, firstCall + evaluated.length);
    evaluated.push(one);
    if (typeof one !== 'string' && !one.ok && one.fatal !== undefined) break;
  }
  return evaluated;
}

/** What an `ALL` as a whole came to: an end, a wait, or the list of its results. */
function combine(slots: readonly Evaluated[]): Evaluated {
  const fatal = slots.find((slot) => typeof slot !== 'string' && !slot.ok && slot.fatal !== undefined);
  if (fatal !== undefined) return fatal;
  return slots.find((slot) => typeof slot === 'string') ?? { ok: true, value: slots };
}

function awaitingOf(slots: readonly Evaluated[] | undefined, firstCall: number): Awaiting {
  return slots?.map((slot, index) => (typeof slot === 'string' ? firstCall + index : slot)) ?? firstCall;
}

/** Instructions by which a program ends, or ends this life of it. */
const ENDINGS: ReadonlySet<string | undefined> = new Set(['RETURN', 'CONTINUE'] satisfies InstructionOp[]);

function ended({ process, watch }: TickInput, instruction: Instruction): TickOutput {
  const { op, value, input } = instruction as { readonly op: string; readonly value?: unknown; readonly input?: unknown };
  // Lets `finally` blocks run; what they still yield is nobody's to evaluate.
  if (watch === undefined) process.return(undefined);
  else watch.run(() => process.return(undefined));
  return op === 'RETURN' ? { outcome: 'COMPLETED', value } : { outcome: 'CONTINUED', input };
}

function overflow(maxSteps: number): OmniError {
  return new OmniError(
    'TICK_OVERFLOW',
    `A tick took more than ${String(maxSteps)} steps without waiting for anything. Look for an endless loop, or raise maxStepsPerTick.`,
    { details: { maxStepsPerTick: maxSteps } },
  );
}
