import { OmniError, type AgentContext, type Json } from '@omnipaw/kernel';
import { isOutOfBudget, nextMessage, restartsExceeded, Staff, timeUp, type Ending, type Failure } from '../crew/index.js';
import { swarmError } from '../errors.js';
import type { Job, Seat, Steps } from '../strategy.js';
import { begin, ended, isOver, needed, type Action, type Rules, type Step, type SupervisorState } from './machine.js';

/** What a child's agent is started with: the number tells what was handed over to it from what was before. */
export interface ChildInput {
  readonly number: number;
  readonly input: Json;
}

/** What a child's agent answers: what it came to, or who goes on. */
type Answer = { readonly result: Json } | { readonly handOff: { readonly to: string; readonly input: Json } };

/** Carries out what the rules say: starts, stops and hears of children. */
export class Supervision {
  readonly #ctx: AgentContext;
  readonly #job: Job;
  readonly #rules: Rules;
  readonly #staff: Staff;
  /** By agent, the child that it is, and the other way round. */
  readonly #childOf = new Map<string, number>();
  readonly #agents: (string | undefined)[];
  /** What each was started with, and what waits for it. */
  readonly #inputs: ChildInput[];
  readonly #queues: Json[][];
  readonly #results: (Json | undefined)[];
  #state: SupervisorState;
  #lastFailure: Failure = { code: '', message: '' };

  constructor(ctx: AgentContext, job: Job, rules: Rules) {
    this.#ctx = ctx;
    this.#job = job;
    this.#rules = rules;
    this.#staff = new Staff(ctx, job);
    this.#agents = rules.children.map(() => undefined);
    this.#inputs = rules.children.map(() => ({ number: 1, input: job.goal }));
    this.#queues = rules.children.map(() => []);
    this.#results = rules.children.map(() => undefined);
    this.#state = { children: [], restartedAt: [] };
  }

  /** Until all have ended but those that are permanent; throws `RESTARTS_EXCEEDED`, `SWARM_TIMEOUT`, and `QUOTA_EXCEEDED` where quotas are enforced. */
  *run(): Steps<Json> {
    try {
      return yield* this.#supervise();
    } finally {
      yield* this.#staff.dismissAll();
    }
  }

  *#supervise(): Steps<Json> {
    yield* this.#take(begin(this.#rules));
    while (!isOver(this.#state, this.#rules)) yield* this.#hear();
    const named = this.#rules.children.flatMap(({ role }, child) => {
      const result = this.#results[child];
      return result === undefined ? [] : [[role, result] as const];
    });
    return Object.fromEntries(named);
  }

  *#hear(): Steps<void> {
    const until = this.#job.deadline ?? Infinity;
    if (this.#ctx.now() >= until) throw timeUp(this.#job.swarm);
    const message = yield* nextMessage(this.#ctx, { channels: this.#staff.channels, until: Math.min(until, this.#staff.lookAt) });
    if (this.#ctx.now() >= this.#staff.lookAt) yield* this.#staff.look();
    const ending = message === undefined ? undefined : this.#staff.endingIn(message);
    if (ending !== undefined) yield* this.#ended(ending);
    for (const agent of this.#staff.takeLost()) yield* this.#ended({ agent, error: 'NODE_UNREACHABLE', told: { message: `The node of agent "${agent}" is gone.`, result: null } });
  }

  *#ended(ending: Ending): Steps<void> {
    const child = this.#childOf.get(ending.agent);
    // Whoever was stopped is not there any more.
    if (child === undefined) return;
    this.#forget(child);
    yield* ending.error === null ? this.#completed(child, ending) : this.#failed(child, ending);
    yield* this.#serveQueues();
  }

  *#completed(child: number, ending: Ending): Steps<void> {
    const answer = yield* this.#staff.resultOf<Answer>(ending);
    yield* this.#take(ended(this.#state, { child, how: 'completed', now: this.#ctx.now() }, this.#rules));
    if ('result' in answer) this.#results[child] = answer.result;
    else yield* this.#handOver(answer.handOff.to, answer.handOff.input);
  }

  *#failed(child: number, ending: Ending): Steps<void> {
    this.#lastFailure = yield* this.#staff.reasonOf(ending);
    const { code, message } = this.#lastFailure;
    if (isOutOfBudget(ending, this.#seatOf(child))) throw new OmniError(code, message, { failureClass: 'POLICY_VIOLATION' });
    yield* this.#take(ended(this.#state, { child, how: 'failed', now: this.#ctx.now() }, this.#rules));
  }

  /** What was handed over to somebody who was busy then, whatever has become of them. */
  *#serveQueues(): Steps<void> {
    for (const [child, queue] of this.#queues.entries()) {
      if (this.#state.children[child] === 'running') continue;
      const input = queue.shift();
      if (input !== undefined) yield* this.#startWith(child, input);
    }
  }

  *#handOver(to: string, input: Json): Steps<void> {
    const child = this.#rules.children.findIndex(({ role }) => role === to);
    if (child < 0) throw swarmError('TASK_FAILED', `A member handed over to the role "${to}", which the supervisor has not. Roles: ${this.#rules.children.map(({ role }) => role).join(', ')}.`);
    if (this.#state.children[child] === 'running') this.#queues[child]!.push(input);
    else yield* this.#startWith(child, input);
  }

  *#startWith(child: number, input: Json): Steps<void> {
    this.#inputs[child] = { number: this.#inputs[child]!.number + 1, input };
    yield* this.#take(needed(this.#state, child));
  }

  *#take({ state, actions }: Step): Steps<void> {
    this.#state = state;
    for (const action of actions) yield* this.#act(action);
  }

  *#act(action: Action): Steps<void> {
    if (action.do === 'give up') throw restartsExceeded(this.#rules.intensity.maxRestarts, this.#lastFailure);
    const { child } = action;
    if (action.do === 'start') {
      const agent = yield* this.#staff.start(this.#seatOf(child), { ...this.#inputs[child]! });
      this.#childOf.set(agent, child);
      this.#agents[child] = agent;
      return;
    }
    const agent = this.#agents[child]!;
    this.#forget(child);
    yield* this.#staff.end(agent, 'its supervisor starts it again, or does without it');
  }

  #forget(child: number): void {
    this.#childOf.delete(this.#agents[child] ?? '');
    this.#agents[child] = undefined;
  }

  /** The first seat of its role. */
  #seatOf(child: number): Seat {
    const { role } = this.#rules.children[child]!;
    return this.#job.seats.find((seat) => seat.role === role)!;
  }
}
