import { OmniError, type AgentContext, type Json, type Message } from '@omnipaw/kernel';
import { swarmError } from '../errors.js';
import { channelOf } from '../names.js';
import { deliverAll, remoteAddressOf, unwrap } from '../remote/index.js';
import type { Job, Seat, Steps } from '../strategy.js';
import { Book, type Assignment, type BookOptions } from './book.js';
import { isOutOfBudget, nextMessage } from './next-message.js';
import { Staff, type Ending } from './staff.js';
import { workReportIn, type Failure, type WorkOrder } from './task.js';
import { timeUp } from './time-up.js';

export interface CrewOptions extends BookOptions {
  /** How many members may be replaced that failed while they held no task. */
  readonly maxRestarts: number;
}

const UNTOLD: ReadonlySet<string> = new Set(['DEAD_LETTER', 'MAILBOX_FULL', 'NODE_UNREACHABLE']);
/** A tick has room for more steps than this, even after a few that are not counted. */
const STEPS_AT_ONCE = 500;

/** A coordinator that wakes so much later than it meant to was down, and so were its members: that time is held against nobody. */
const LATE_MS = 1_000;

/**
 * The coordinator of members that work by a plan: starts them, gives out tasks, replaces who fails or hangs.
 *
 * All that it knows it keeps in plain variables: after a crash its program runs again from the log, and knows the same.
 */
export class Crew {
  readonly #ctx: AgentContext;
  readonly #job: Job;
  readonly #options: CrewOptions;
  readonly #book: Book;
  readonly #staff: Staff;
  readonly #seats = new Map<string, Seat>();
  readonly #channel: string;
  #restarts = 0;
  #steps = 0;
  /** How often somebody that was to be told something could not be, and was free again. */
  #freed = 0;

  constructor(ctx: AgentContext, job: Job, options: CrewOptions) {
    this.#ctx = ctx;
    this.#job = job;
    this.#options = options;
    this.#book = new Book(options);
    this.#staff = new Staff(ctx, job);
    this.#channel = channelOf(job.swarm, 'work');
  }

  /** Until the plan is over; throws `TASK_FAILED`, `RESTARTS_EXCEEDED`, `SWARM_TIMEOUT`, and `QUOTA_EXCEEDED` where quotas are enforced. */
  *run(): Steps<Json> {
    try {
      return yield* this.#work();
    } finally {
      yield* this.#staff.dismissAll();
    }
  }

  *#work(): Steps<Json> {
    const { plan } = this.#options;
    for (const seat of this.#job.seats) yield* this.#seat(seat);
    for (;;) {
      if (this.#isEnding()) break;
      yield* this.#lookAround();
      // Whoever was too slow may have been the last one.
      if (this.#isEnding()) break;
      const freed = this.#freed;
      yield* this.#tellAll(this.#book.assign(this.#ctx.now()));
      if (this.#freed > freed) continue;
      if (this.#book.isIdle) throw swarmError('TASK_FAILED', 'There is work left that no member of the swarm can do.');
      yield* this.#hear();
    }
    if (this.#book.failure !== undefined) throw taskFailed(this.#book.failure);
    return plan.result();
  }

  #isEnding(): boolean {
    return this.#book.failure !== undefined || this.#options.plan.isOver;
  }

  *#seat(seat: Seat): Steps<void> {
    yield* this.#breathe();
    const agent = yield* this.#staff.start(seat);
    this.#seats.set(agent, seat);
    this.#book.joined(agent, seat.role);
  }

  *#lookAround(): Steps<void> {
    const now = this.#ctx.now();
    if (now >= this.#deadline) throw timeUp(this.#job.swarm);
    for (let agent = this.#book.takeOverdue(now); agent !== undefined; agent = this.#book.takeOverdue(now)) {
      yield* this.#dismiss(agent, { code: 'TASK_TIMEOUT', message: `Agent "${agent}" has not answered within ${this.#options.taskTimeoutMs} ms for each task.` });
    }
    if (now >= this.#staff.lookAt) yield* this.#staff.look();
    for (let lost = this.#staff.takeLost(); lost.length > 0; lost = this.#staff.takeLost()) {
      for (const agent of lost) yield* this.#lost(agent);
    }
  }

  /** A member whose node is gone; that is nobody's failure. */
  *#lost(agent: string): Steps<void> {
    const seat = this.#seats.get(agent);
    if (seat === undefined) return;
    this.#seats.delete(agent);
    this.#book.unreached(agent);
    this.#book.gone(agent, { code: 'NODE_UNREACHABLE', message: `The node of agent "${agent}" is gone.` });
    yield* this.#seat(seat);
  }

  /** Whoever is elsewhere is told together with the others there: their kernels share the waiting. */
  *#tellAll(assignments: readonly Assignment[]): Steps<void> {
    const elsewhere: Assignment[] = [];
    for (const assignment of assignments) {
      if (remoteAddressOf(assignment.agent) === undefined) yield* this.#tell(assignment);
      else elsewhere.push(assignment);
    }
    const { withinMs } = this.#staff;
    const refusals = yield* deliverAll(this.#ctx, elsewhere.map((assignment) => ({ to: assignment.agent, channel: this.#channel, body: orderOf(assignment), withinMs })));
    for (const [index, refusal] of refusals.entries()) if (refusal !== undefined) yield* this.#untold(elsewhere[index]!, refusal);
  }

  *#tell(assignment: Assignment): Steps<void> {
    yield* this.#breathe();
    try {
      yield* this.#ctx.send(assignment.agent, orderOf(assignment), this.#channel);
    } catch (error) {
      yield* this.#untold(assignment, error as OmniError);
    }
  }

  *#untold({ agent }: Assignment, error: OmniError): Steps<void> {
    const { code, message } = error;
    const node = remoteAddressOf(agent)?.node;
    // That it has ended, the kernel tells as well.
    if (code === 'DEAD_LETTER' && node === undefined) return;
    if (code === 'VALUE_TOO_LARGE') {
      this.#failTelling(agent, { code, message: `What a member was to be told is too large for a message. ${message}` });
      return;
    }
    if (!UNTOLD.has(code)) throw error;
    this.#book.unreached(agent);
    if (code === 'NODE_UNREACHABLE' && node !== undefined) this.#staff.lose(node);
    else if (code === 'DEAD_LETTER') yield* this.#staff.askAfter(agent, message);
    else yield* this.#dismiss(agent, { code, message });
  }

  /** A single task that nobody can be told fails by itself; where several were too much together, each is told by itself next. */
  #failTelling(agent: string, why: Failure): void {
    this.#book.gone(agent, why);
    this.#book.joined(agent, this.#seats.get(agent)!.role);
    this.#freed++;
  }

  *#hear(): Steps<void> {
    yield* this.#breathe();
    const until = Math.min(this.#book.nextDeadline ?? Infinity, this.#deadline);
    let message = yield* this.#next(Math.min(until, this.#staff.lookAt));
    if (this.#ctx.now() - until > LATE_MS) this.#book.extend(this.#ctx.now());
    while (message !== undefined) {
      yield* this.#take(message);
      // Other nodes answer after a while: all who have reported by now are told together, and none waits for the answer to another.
      message = this.#staff.isSpread ? yield* this.#next(this.#ctx.now()) : undefined;
    }
  }

  #next(until: number): Steps<Message | undefined> {
    return nextMessage(this.#ctx, { channels: [this.#channel, ...this.#staff.channels], until });
  }

  *#take(message: Message): Steps<void> {
    yield* this.#breathe();
    if (message.channel !== this.#channel) {
      const ending = this.#staff.endingIn(message);
      if (ending !== undefined) yield* this.#ended(ending);
      return;
    }
    const { from, body } = unwrap(message);
    const report = workReportIn(body);
    if (report !== undefined && from !== null) this.#book.reported(from, report.reports);
  }

  *#ended(ending: Ending): Steps<void> {
    const seat = this.#seats.get(ending.agent);
    if (seat === undefined) return;
    const reason = yield* this.#staff.reasonOf(ending);
    if (isOutOfBudget(ending, seat)) throw new OmniError(reason.code, reason.message, { failureClass: 'POLICY_VIOLATION' });
    yield* this.#replace(ending.agent, reason);
  }

  /** A member that can't be waited for. */
  *#dismiss(agent: string, why: Failure): Steps<void> {
    yield* this.#staff.end(agent, why.message);
    yield* this.#replace(agent, why);
  }

  *#replace(agent: string, why: Failure): Steps<void> {
    const seat = this.#seats.get(agent)!;
    this.#seats.delete(agent);
    // Who held something leaves the blame with it, and tasks are not tried for ever.
    if (!this.#book.gone(agent, why) && ++this.#restarts > this.#options.maxRestarts) throw restartsExceeded(this.#options.maxRestarts, why);
    yield* this.#seat(seat);
  }

  get #deadline(): number {
    return this.#job.deadline ?? Infinity;
  }

  /** Ends the tick now and then, before it has too many steps. */
  *#breathe(): Steps<void> {
    if (++this.#steps % STEPS_AT_ONCE === 0) yield* this.#ctx.sleep(0);
  }
}

function orderOf({ tasks }: Assignment): WorkOrder {
  return { kind: 'work', tasks: tasks.map(({ id, act, input }) => ({ id, act, input })) };
}

export function restartsExceeded(maxRestarts: number, { code, message }: Failure): OmniError {
  return swarmError('RESTARTS_EXCEEDED', `Members failed more often than they may be replaced (${maxRestarts}), at last with ${code}: ${message}`, {
    details: { maxRestarts, code },
  });
}

function taskFailed({ task, failure }: NonNullable<Book['failure']>): OmniError {
  const { code, message, attempts } = failure;
  return swarmError('TASK_FAILED', `Task "${task.id}" failed ${attempts} times, at last with ${code}: ${message}`, { details: { task: task.id, attempts, code } });
}
