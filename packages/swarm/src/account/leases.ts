/**
 * What became of tasks, from the words that are on record: by the rules of the coordinator's book.
 *
 * A report counts when the coordinator has read it, if its sender still held the task then.
 */
import { workReportIn, type Failure, type WorkOrder } from '../crew/index.js';
import type { Json } from '@omnipaw/kernel';
import type { TaskCounts, UndoneTask } from './account.js';

interface Tried {
  attempts: number;
  holders: number;
  isDone: boolean;
  error: Failure | null;
}

export class Leases {
  total: number | null = null;
  readonly #tasks = new Map<string, Tried>();
  /** By agent, what it holds. */
  readonly #held = new Map<string, readonly string[]>();
  readonly #silenced = new Map<string, readonly string[]>();
  #done = 0;
  #underWay = 0;
  #attempts = 0;
  #failedAttempts = 0;

  get counts(): TaskCounts {
    return { total: this.total, done: this.#done, underWay: this.#underWay, attempts: this.#attempts, failedAttempts: this.#failedAttempts };
  }

  get undone(): readonly UndoneTask[] {
    return [...this.#tasks].filter(([, { isDone }]) => !isDone).map(([task, { attempts, error }]) => ({ task, attempts, error }));
  }

  /** Answers how many tasks the agent was given. */
  given(agent: string, body: Json): number {
    const tasks = (body as Partial<WorkOrder> | null)?.tasks ?? [];
    // Who is given something anew has not got what it was to be given before.
    for (const task of this.#held.get(agent) ?? []) this.#fail(task, null);
    this.#held.set(agent, tasks.map(({ id }) => id));
    for (const { id } of tasks) this.#begin(id);
    return tasks.length;
  }

  /** Answers how many tasks the agent has done by it. */
  reported(agent: string, body: Json): number {
    const report = workReportIn(body);
    const held = this.#held.get(agent);
    if (report === undefined || held === undefined) return 0;
    const said = new Map(report.reports.map((one) => [one.task, one]));
    if (!held.some((task) => said.has(task))) return 0;
    this.#held.delete(agent);
    let done = 0;
    for (const task of held) {
      const one = said.get(task);
      if (one?.ok === true) done += this.#end(task);
      else this.#fail(task, one?.error ?? null);
    }
    return done;
  }

  /** Nothing that the agent says counts any more; what it held is under way until its coordinator has taken note. */
  silence(agent: string): void {
    const held = this.#held.get(agent);
    if (held === undefined) return;
    this.#held.delete(agent);
    this.#silenced.set(agent, held);
  }

  /** Its coordinator has taken note that the agent is gone, with all that it held. */
  gone(agent: string, error: Failure): void {
    for (const of of [this.#held, this.#silenced]) {
      for (const task of of.get(agent) ?? []) this.#fail(task, error);
      of.delete(agent);
    }
  }

  #begin(task: string): void {
    const tried = this.#tasks.get(task) ?? { attempts: 0, holders: 0, isDone: false, error: null };
    this.#tasks.set(task, tried);
    tried.attempts++;
    this.#attempts++;
    if (tried.holders++ === 0) this.#underWay++;
  }

  #end(task: string): number {
    const tried = this.#tasks.get(task)!;
    tried.holders--;
    if (tried.isDone) return 0;
    tried.isDone = true;
    this.#underWay--;
    this.#done++;
    return 1;
  }

  #fail(task: string, error: Failure | null): void {
    const tried = this.#tasks.get(task)!;
    tried.holders--;
    if (tried.isDone) return;
    this.#failedAttempts++;
    tried.error = error;
    if (tried.holders === 0) this.#underWay--;
  }
}
