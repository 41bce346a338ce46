import * as fc from 'fast-check';
import type { Json } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { afterFailure, Book, type Assignment, type FailedAttempt, type Plan, type Report, type Task } from '../../src/crew/index.js';

/** So many tasks, of which it is written down what becomes of each. */
class ListPlan implements Plan {
  readonly results = new Map<string, Json>();
  readonly skipped = new Map<string, FailedAttempt>();
  readonly maxAttempts: number;
  readonly count: number;
  given = 0;

  constructor(count: number, maxAttempts = 3) {
    this.count = count;
    this.maxAttempts = maxAttempts;
  }

  get isOver(): boolean {
    return this.results.size + this.skipped.size === this.count;
  }

  next(): Task | undefined {
    return this.given === this.count ? undefined : { id: `task-${++this.given}`, act: 'work', input: null };
  }

  done({ id }: Task, result: Json): void {
    expect(this.results.has(id) || this.skipped.has(id)).toBe(false);
    this.results.set(id, result);
  }

  failed({ id }: Task, failure: FailedAttempt): 'again' | 'skip' | 'fail' {
    expect(this.results.has(id) || this.skipped.has(id)).toBe(false);
    const what = afterFailure({ maxAttempts: this.maxAttempts, onFailure: 'skip' }, failure);
    if (what === 'skip') this.skipped.set(id, failure);
    return what;
  }

  result(): Json {
    return null;
  }
}

const bookOf = (plan: Plan, more: { batch?: number; race?: boolean } = {}): Book => new Book({ plan, batch: 1, race: false, taskTimeoutMs: 100, ...more });
const ok = (tasks: readonly Task[], value: Json = 1): Report[] => tasks.map(({ id }) => ({ task: id, ok: true, value }));
const LOST = { code: 'LOST', message: 'lost' };

describe('the book of a crew', () => {
  test('a task that was given to two counts once, and the second report of it is passed over', () => {
    const plan = new ListPlan(1);
    const book = bookOf(plan, { race: true });
    for (const agent of ['a', 'b', 'c']) book.joined(agent, 'worker');
    const assignments = book.assign(0);
    // No third one tries the same.
    expect(assignments.map(({ agent }) => agent)).toEqual(['a', 'b']);
    expect(book.reported('b', ok(assignments[1]!.tasks, 'from b'))).toBe(true);
    expect(book.reported('a', ok(assignments[0]!.tasks, 'from a'))).toBe(true);
    expect([...plan.results]).toEqual([['task-1', 'from b']]);
    expect(book.isIdle).toBe(true);
  });

  test('who does not hold a task can not report of it', () => {
    const plan = new ListPlan(2);
    const book = bookOf(plan);
    book.joined('a', 'worker');
    const [{ tasks }] = book.assign(0) as [Assignment];
    expect(book.reported('nobody', ok(tasks))).toBe(false);
    book.joined('b', 'worker');
    const [mine] = book.assign(0) as [Assignment];
    book.reported('b', ok(tasks));
    expect(plan.results.size).toBe(0);
    expect(mine.tasks).not.toEqual(tasks);
    // Who was gone holds nothing, even if it speaks up later.
    book.gone('a', LOST);
    expect(book.reported('a', ok(tasks))).toBe(false);
    expect(plan.results.size).toBe(0);
  });

  test('where several were held and nobody knows which one it was, each is tried by itself, and only the bad one is blamed', () => {
    const plan = new ListPlan(3, 2);
    const book = bookOf(plan, { batch: 3 });
    const deadly = 'task-2';
    let number = 0;
    book.joined('a-0', 'worker');
    for (let rounds = 0; rounds < 20 && !plan.isOver; rounds++) {
      for (const { agent, tasks } of book.assign(0)) {
        if (!tasks.some(({ id }) => id === deadly)) book.reported(agent, ok(tasks));
        else {
          book.gone(agent, LOST);
          book.joined(`a-${++number}`, 'worker');
        }
      }
    }
    expect([...plan.results.keys()].sort()).toEqual(['task-1', 'task-3']);
    expect([...plan.skipped]).toEqual([[deadly, { ...LOST, attempts: 2 }]]);
  });

  test('a task that two try at once and that never succeeds is given up, and not handed round for ever', () => {
    const plan = new ListPlan(1, 3);
    const book = bookOf(plan, { race: true });
    for (const agent of ['a', 'b']) book.joined(agent, 'worker');
    const holders = new Set(book.assign(0).map(({ agent }) => agent));
    let attempts = 0;
    for (; attempts < 20 && !plan.isOver; attempts++) {
      const [agent] = holders as unknown as [string];
      holders.delete(agent);
      book.reported(agent, [{ task: 'task-1', ok: false, error: LOST }]);
      for (const assignment of book.assign(0)) holders.add(assignment.agent);
    }
    expect([...plan.skipped]).toEqual([['task-1', { ...LOST, attempts: 4 }]]);
    expect(attempts).toBe(4);
  });

  test('who holds something for too long is found at its deadline, not before', () => {
    const book = bookOf(new ListPlan(3), { batch: 2 });
    book.joined('a', 'worker');
    book.joined('b', 'worker');
    const assignments = book.assign(1_000);
    expect(assignments.map(({ tasks }) => tasks.length)).toEqual([2, 1]);
    expect(book.nextDeadline).toBe(1_100);
    expect(book.takeOverdue(1_099)).toBeUndefined();
    expect(book.takeOverdue(1_100)).toBe('b');
    expect(book.nextDeadline).toBe(1_200);
    // Who was down itself starts to count anew.
    book.extend(5_000);
    expect(book.takeOverdue(5_099)).toBeUndefined();
    expect(book.nextDeadline).toBe(5_100);
    expect(book.takeOverdue(5_100)).toBe('b');
    book.reported('a', ok(assignments[0]!.tasks));
    expect(book.nextDeadline).toBeUndefined();
  });

  test('whatever members do, every task ends once, after a bounded number of attempts', { timeout: 60_000 }, () => {
    const moves = fc.array(fc.record({ pick: fc.nat(100), what: fc.constantFrom('report' as const, 'report' as const, 'fail' as const, 'silent' as const, 'half' as const, 'die' as const, 'foreign' as const), lie: fc.boolean() }), { maxLength: 200 });
    const hopeless = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 4 });
    fc.assert(fc.property(fc.nat(20), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.boolean(), hopeless, moves, (count, members, batch, race, bad, happenings) => {
      const plan = new ListPlan(count);
      const attempts = new Map<string, number>();
      const failed = (task: string): Report => {
        attempts.set(task, (attempts.get(task) ?? 0) + 1);
        return { task, ok: false, error: LOST };
      };
      /** What comes of those that were tried: some tasks never succeed. */
      const tried = (tasks: readonly Task[]): Report[] => tasks.map(({ id }) => (bad.some((number) => id === `task-${number}`) ? failed(id) : { task: id, ok: true, value: 1 }));
      const book = bookOf(plan, { batch, race });
      const held = new Map<string, readonly Task[]>();
      let number = 0;
      const join = (): void => { book.joined(`a-${++number}`, 'worker'); };
      const assign = (): void => { for (const { agent, tasks } of book.assign(0)) held.set(agent, tasks); };
      for (let index = 0; index < members; index++) join();
      assign();
      for (const { pick, what, lie } of [...happenings, ...Array.from({ length: 500 }, () => ({ pick: 0, what: 'report' as const, lie: false }))]) {
        const [agent, tasks] = [...held][pick % Math.max(1, held.size)] ?? [];
        if (agent === undefined || tasks === undefined) break;
        if (what === 'foreign' || what === 'silent') {
          // Nobody but who holds a task can say anything of it, unless two do.
          const other = what === 'silent' || lie ? agent : agent === 'a-1' ? 'a-2' : 'a-1';
          const isShared = held.get(other)?.some(({ id }) => tasks.some((task) => task.id === id)) === true;
          if (other === agent || !isShared) expect(book.reported(other, other === agent ? [] : ok(tasks, 'forged'))).toBe(false);
        } else {
          held.delete(agent);
          if (what === 'die') {
            book.gone(agent, LOST);
            join();
          } else book.reported(agent, what === 'report' ? tried(tasks) : what === 'fail' ? tasks.map(({ id }) => failed(id)) : tried(tasks.slice(0, 1)));
        }
        assign();
      }
      expect(plan.isOver).toBe(true);
      expect(book.isIdle).toBe(true);
      expect([...plan.results.keys(), ...plan.skipped.keys()].sort()).toEqual(Array.from({ length: count }, (_, index) => `task-${index + 1}`).sort());
      for (const { attempts: counted } of plan.skipped.values()) expect(counted).toBeLessThanOrEqual(4);
      for (const times of attempts.values()) expect(times).toBeLessThanOrEqual(4);
    }), { numRuns: 400 });
  });
});
