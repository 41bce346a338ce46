/**
 * Who does what: the coordinator's book of leases.
 *
 * 1. A task counts once: the first report of somebody who holds it ends it, and every other one is passed over.
 * 2. Only who holds a task can report of it; who is gone holds nothing.
 * 3. A task that nobody holds is either over or waits to be given out again: none is lost.
 * 4. A failed attempt counts against the task whose it was. Where several were held and nobody knows which one it was, none is
 *    blamed, and each is tried by itself next.
 * 5. The plan is asked about a task that has failed as soon as nobody tries it any more, and nobody joins in after a failure. So
 *    a task fails at most once more than it may, where two tried it at once.
 *
 * Pure, and every step takes constant time, or logarithmic for deadlines.
 */
import type { Json } from '@omnipaw/kernel';
import { Deadlines } from './deadlines.js';
import type { FailedAttempt, Failure, Plan, Report, Task } from './task.js';

export interface BookOptions {
  readonly plan: Plan;
  /** How many tasks a member gets at once. */
  readonly batch: number;
  /** Whether members that have nothing to do try what others are slow with. */
  readonly race: boolean;
  /** For each task that a member was given. */
  readonly taskTimeoutMs: number;
}

/** What a member is to be told to do. */
export interface Assignment {
  readonly agent: string;
  readonly tasks: readonly Task[];
}

/** A task that was given out and is not over. */
interface Lease {
  readonly task: Task;
  readonly holders: Set<string>;
  attempts: number;
  /** Whether it is a suspect, and given out by itself. */
  isAlone: boolean;
  isOver: boolean;
}

interface Worker {
  readonly role: string;
  leases: readonly Lease[];
}

const ANYBODY = '';

export class Book {
  readonly #options: BookOptions;
  readonly #workers = new Map<string, Worker>();
  /** By role, those who have nothing to do, who waited longest first. */
  readonly #idle = new Map<string, Set<string>>();
  /** By role, what came back, and what somebody else could try as well. */
  readonly #returned = new Map<string, Set<Lease>>();
  readonly #slow = new Map<string, Set<Lease>>();
  readonly #deadlines = new Deadlines();
  #openCount = 0;
  #failure: { readonly task: Task; readonly failure: FailedAttempt } | undefined;

  constructor(options: BookOptions) {
    this.#options = options;
  }

  /** What ends the swarm before its time. */
  get failure(): { readonly task: Task; readonly failure: FailedAttempt } | undefined {
    return this.#failure;
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#openCount === 0;
  }

  /** When the next member is overdue, milliseconds since the epoch. */
  get nextDeadline(): number | undefined {
    return this.#deadlines.next;
  }

  joined(agent: string, role: string): void {
    this.#workers.set(agent, { role, leases: [] });
    setOf(this.#idle, role).add(agent);
  }

  /** Gives out all that can be given out. */
  assign(now: number): readonly Assignment[] {
    const assignments: Assignment[] = [];
    for (const [role, idle] of this.#idle) {
      for (const agent of idle) {
        const leases = this.#takeFor(role);
        if (leases.length === 0) break;
        idle.delete(agent);
        this.#lease(agent, leases, now);
        assignments.push({ agent, tasks: leases.map(({ task }) => task) });
      }
    }
    return assignments;
  }

  /** What a member has to say; answers whether it said anything of what it holds. */
  reported(agent: string, reports: readonly Report[]): boolean {
    const worker = this.#workers.get(agent);
    const said = new Map(reports.map((report) => [report.task, report]));
    // What came twice, late, or from somebody who means harm says nothing of it.
    if (worker?.leases.some(({ task }) => said.has(task.id)) !== true) return false;
    const { leases } = worker;
    worker.leases = [];
    this.#deadlines.lift(agent);
    for (const lease of leases) this.#settle(agent, lease, said.get(lease.task.id) ?? unreported(lease.task.id));
    setOf(this.#idle, worker.role).add(agent);
    return true;
  }

  /** A member is not there any more; answers whether it held anything, whose failure this was then. */
  gone(agent: string, failure: Failure): boolean {
    const worker = this.#workers.get(agent);
    if (worker === undefined) return false;
    this.#workers.delete(agent);
    this.#idle.get(worker.role)?.delete(agent);
    this.#deadlines.lift(agent);
    for (const lease of worker.leases) {
      if (worker.leases.length === 1) this.#failed(agent, lease, failure);
      else this.#suspected(agent, lease);
    }
    return worker.leases.length > 0;
  }

  /** A member was not even told what to do: nobody has tried that, and nobody is to blame. */
  unreached(agent: string): void {
    const worker = this.#workers.get(agent);
    if (worker === undefined) return;
    for (const lease of worker.leases) {
      lease.holders.delete(agent);
      if (!lease.isOver && lease.holders.size === 0) this.#giveBack(lease);
    }
    worker.leases = [];
  }

  /** Gives all who hold something their time once more: who was to look after them was not there. */
  extend(now: number): void {
    for (const [agent, { leases }] of this.#workers) if (leases.length > 0) this.#allow(agent, leases.length, now);
  }

  /** A member that has held its tasks for too long; undefined if there is none. */
  takeOverdue(now: number): string | undefined {
    return this.#deadlines.takeDue(now);
  }

  #takeFor(role: string): readonly Lease[] {
    const taken: Lease[] = [];
    while (taken.length < this.#options.batch) {
      const lease = this.#takeReturned(role, taken.length > 0) ?? this.#begin(role);
      if (lease === undefined) break;
      taken.push(lease);
      if (lease.isAlone) break;
    }
    if (taken.length > 0 || !this.#options.race) return taken;
    const slow = firstOf(this.#slow.get(role)) ?? firstOf(this.#slow.get(ANYBODY));
    return slow === undefined ? [] : [slow];
  }

  #takeReturned(role: string, inCompany: boolean): Lease | undefined {
    for (const name of [role, ANYBODY]) {
      const lease = firstOf(this.#returned.get(name));
      if (lease === undefined || (lease.isAlone && inCompany)) continue;
      this.#returned.get(name)!.delete(lease);
      return lease;
    }
    return undefined;
  }

  #begin(role: string): Lease | undefined {
    const task = this.#options.plan.next(role);
    if (task === undefined) return undefined;
    this.#openCount++;
    return { task, holders: new Set(), attempts: 0, isAlone: false, isOver: false };
  }

  #lease(agent: string, leases: readonly Lease[], now: number): void {
    const worker = this.#workers.get(agent)!;
    worker.leases = leases;
    for (const lease of leases) {
      lease.holders.add(agent);
      const slow = setOf(this.#slow, lease.task.role ?? ANYBODY);
      // Two at the most try the same.
      if (lease.holders.size === 1) slow.add(lease);
      else slow.delete(lease);
    }
    this.#allow(agent, leases.length, now);
  }

  #allow(agent: string, taskCount: number, now: number): void {
    this.#deadlines.set(agent, now + this.#options.taskTimeoutMs * taskCount);
  }

  #settle(agent: string, lease: Lease, report: Report): void {
    if (lease.isOver) return;
    if (report.ok) this.#done(lease, report.value);
    else this.#failed(agent, lease, report.error);
  }

  #done(lease: Lease, value: Json): void {
    this.#close(lease);
    this.#options.plan.done(lease.task, value);
  }

  #failed(agent: string, lease: Lease, { code, message }: Failure): void {
    if (lease.isOver) return;
    lease.holders.delete(agent);
    lease.attempts++;
    // Somebody else may still come to something; with a third one, and a fourth, the plan would never be asked.
    if (lease.holders.size > 0) return;
    const { task, attempts } = lease;
    const failure = { code, message, attempts };
    const what = this.#options.plan.failed(task, failure);
    if (what === 'again') this.#giveBack(lease);
    else this.#close(lease);
    if (what === 'fail') this.#failure ??= { task, failure };
  }

  #suspected(agent: string, lease: Lease): void {
    if (lease.isOver) return;
    lease.holders.delete(agent);
    lease.isAlone = true;
    if (lease.holders.size === 0) this.#giveBack(lease);
    else setOf(this.#slow, lease.task.role ?? ANYBODY).add(lease);
  }

  #giveBack(lease: Lease): void {
    const role = lease.task.role ?? ANYBODY;
    this.#slow.get(role)?.delete(lease);
    setOf(this.#returned, role).add(lease);
  }

  #close(lease: Lease): void {
    lease.isOver = true;
    this.#slow.get(lease.task.role ?? ANYBODY)?.delete(lease);
    this.#openCount--;
  }
}

function unreported(task: string): Report {
  return { task, ok: false, error: { code: 'TASK_UNREPORTED', message: 'Whoever was given it has said nothing of it.' } };
}

function setOf<Value>(sets: Map<string, Set<Value>>, name: string): Set<Value> {
  const known = sets.get(name);
  if (known !== undefined) return known;
  const made = new Set<Value>();
  sets.set(name, made);
  return made;
}

function firstOf<Value>(set: ReadonlySet<Value> | undefined): Value | undefined {
  for (const value of set ?? []) return value;
  return undefined;
}
