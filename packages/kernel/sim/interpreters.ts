/** The two ways in which a script runs: as a generator, and as a function from what happened to what comes next. */
import { defineAgent, OmniError, type AgentContext, type AgentDefinition, type Instruction, type Outcome } from '@omnipaw/kernel';
import type { AGENTS, Script, Step } from './scenarios.js';

/** What an interpreter keeps in mind of what happened to it. */
class Mind {
  lastChild = 'nobody';
  lastApproval = -1;
  lastVersion = 0;

  /** The instruction behind a step; throws for the steps that are to throw. */
  instructionOf(step: Step): Instruction {
    switch ((step as Step | null)?.op) {
      case 'JOIN_LAST':
        return { op: 'JOIN', agent: this.lastChild };
      case 'REVOKE_LAST':
        return { op: 'REVOKE', agent: this.lastChild };
      case 'DECIDE_ASKED':
        return { op: 'DECIDE', approval: this.lastApproval, approved: true };
      case 'WRITE_SEEN':
        return { op: 'WRITE', store: 'shared', namespace: 'team', key: 'a', value: this.lastVersion, expectedVersion: this.lastVersion };
      case 'THROW':
        throw (step as Step & { op: 'THROW' }).thrown;
      default:
        // What is undefined is as good as left out, and so programs leave it.
        return ((step as Step | null) === null ? step : { ...step, note: undefined }) as unknown as Instruction;
    }
  }

  notice(step: Step, result: unknown): void {
    if (step.op === 'DELEGATE' && step.join !== true) this.lastChild = result as string;
    const { version, body } = (typeof result === 'object' && result !== null ? result : {}) as { version?: number; body?: { approval?: number } };
    if (step.op === 'READ' && version !== undefined) this.lastVersion = version;
    if (step.op === 'RECEIVE' && typeof body?.approval === 'number') this.lastApproval = body.approval;
  }
}

/** Interprets a script as a generator. */
const worker = defineAgent('worker', function* (ctx, { steps, isTough }: Script): Generator<Instruction, unknown> {
  const mind = new Mind();
  const seen: unknown[] = [];
  for (const step of steps) {
    try {
      do {
        const result: unknown = yield mind.instructionOf(step);
        mind.notice(step, result);
        seen.push(typeof result);
      } while (step.op === 'LOOP');
    } catch (error) {
      seen.push(error instanceof OmniError ? error.code : String(error));
      if (!isTough) throw error;
    }
  }
  return { seen, chance: [ctx.random(), ctx.uuid(), ctx.now()] };
});

/** Interprets a script as a function from what happened to what comes next. */
const minds = new WeakMap<object, { readonly mind: Mind; at: number }>();
const robot = defineAgent<Script, unknown>('robot', {
  evalInstruction: (previous: { readonly outcome: Outcome } | undefined, context: AgentContext<never>, { steps, isTough }: Script): Instruction => {
    const known = minds.get(context) ?? { mind: new Mind(), at: 0 };
    minds.set(context, known);
    const done = steps[known.at - 1];
    if (done !== undefined && previous?.outcome.ok === true) known.mind.notice(done, previous.outcome.value);
    if (previous?.outcome.ok === false && !isTough) return { op: 'RETURN', value: previous.outcome.error.code };
    const step = steps[known.at];
    if (step === undefined) return { op: 'RETURN', value: [context.random(), context.uuid(), context.now()] };
    if ((step as Step | null)?.op !== 'LOOP') known.at++;
    return known.mind.instructionOf(step);
  },
});

export const PROGRAMS: Readonly<Record<(typeof AGENTS)[number], AgentDefinition<Script>>> = { worker, robot };
