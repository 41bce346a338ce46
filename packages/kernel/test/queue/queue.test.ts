import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Queue } from '../../src/queue/index.js';

test('answers as an array does, whatever is pushed and shifted', () => {
  const step = fc.oneof(fc.integer().map((item) => ['push', item] as const), fc.constant(['shift'] as const), fc.constant(['clear'] as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new Queue<number>();
      let model: number[] = [];
      for (const [name, item] of steps) {
        if (name === 'push') {
          queue.push(item);
          model.push(item);
        } else if (name === 'shift') expect(queue.shift()).toBe(model.shift());
        else {
          queue.clear();
          model = [];
        }
        expect(queue.size).toBe(model.length);
      }
    }),
  );
});

test('a queue that is never empty does not grow with what has passed through it', () => {
  const queue = new Queue<number>();
  for (let item = 0; item < 10; item++) queue.push(item);
  for (let item = 10; item < 100_000; item++) {
    queue.push(item);
    expect(queue.shift()).toBe(item - 10);
  }
  expect(queue.size).toBe(10);
});

test('undefined is an item like any other', () => {
  const queue = new Queue<number | undefined>();
  queue.push(undefined);
  queue.push(1);
  expect(queue.size).toBe(2);
  expect(queue.shift()).toBeUndefined();
  expect(queue.shift()).toBe(1);
});
