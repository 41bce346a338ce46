import { describe, expect, test } from 'vitest';
import { FairQueue } from '../../src/isolate/fair-queue.js';

/** What is taken, one after the other. */
function all(queue: FairQueue<string>, placeFor: (item: string) => true | undefined = () => true): string[] {
  const taken: string[] = [];
  for (let next = queue.take(placeFor); next !== undefined; next = queue.take(placeFor)) taken.push(next[0]);
  return taken;
}

function queueOf(items: readonly string[], begun: readonly string[] = []): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const item of items) queue.add(item, { owner: item[0]!, hasBegun: begun.includes(item) });
  return queue;
}

describe('a fair queue', () => {
  test('lets owners take turns, whatever one of them asks for', () => {
    expect(all(queueOf(['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']))).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  test('puts an owner who comes back behind all others', () => {
    const queue = queueOf(['a1', 'b1']);
    expect(queue.take(() => true)?.[0]).toBe('a1');
    queue.add('a2', { owner: 'a', hasBegun: false });
    expect(all(queue)).toEqual(['b1', 'a2']);
  });

  test('takes first what has begun', () => {
    expect(all(queueOf(['a1', 'a2', 'a3', 'b1', 'b2'], ['a3', 'b2']))).toEqual(['a3', 'b2', 'a1', 'b1', 'a2']);
  });

  test('passes over those that have begun for whom there is no place, and forgets none of them', () => {
    const queue = queueOf(['a1', 'a2', 'b1', 'b2'], ['a1', 'a2', 'b1', 'b2']);
    expect(all(queue, (item) => (item.endsWith('2') ? true : undefined))).toEqual(['a2', 'b2']);
    expect(all(queue)).toEqual(['a1', 'b1']);
  });

  test('asks once for all of an owner that have not begun, since what holds for one holds for the others', () => {
    const queue = queueOf(['a1', 'a2', 'a3', 'b1', 'b2']);
    const asked: string[] = [];
    expect(all(queue, (item) => (asked.push(item), item.startsWith('b') ? true : undefined))).toEqual(['b1', 'b2']);
    expect(asked).toEqual(['a1', 'b1', 'a1', 'b2', 'a1']);
    expect(all(queue)).toEqual(['a1', 'a2', 'a3']);
  });

  test('has each once, and none that was taken out', () => {
    const queue = queueOf(['a1', 'a1', 'a2']);
    queue.delete('a2');
    queue.delete('b1');
    expect(all(queue)).toEqual(['a1']);
  });
});
