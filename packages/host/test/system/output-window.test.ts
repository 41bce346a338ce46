import { OutputWindow } from '@omnipaw/host';
import { expect, test } from 'vitest';

test.each([[1], [3], [7], [64], [1_000]])('the first and the last bytes of a stream are kept, in pieces of %i', (size) => {
  const all = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 251));
  const window = new OutputWindow(101);
  for (let at = 0; at < all.length; at += size) window.add(all.subarray(at, at + size));
  const { head, tail, cutBytes } = window.captured();
  expect([Buffer.from(head), Buffer.from(tail), cutBytes, window.totalBytes]).toEqual([all.subarray(0, 51), all.subarray(950), 899, 1_000]);
});

test.each([[0], [50], [101], [102], [1_000]])('of %i bytes those are cut that are more than 101', (length) => {
  const window = new OutputWindow(101);
  window.add(Buffer.alloc(length, 'x'));
  const { head, tail, cutBytes } = window.captured();
  expect(head.length + tail.length + cutBytes).toBe(length);
  expect(cutBytes).toBe(Math.max(0, length - 101));
  expect(tail.length > 0).toBe(length > 101);
});

test('what it is given is copied, so that a byte of a large piece does not keep the piece', () => {
  const window = new OutputWindow(2);
  const piece = Buffer.from('abc');
  window.add(piece);
  piece.fill('x');
  const { head, tail } = window.captured();
  expect(Buffer.concat([head, tail]).toString()).toBe('ac');
});
