import { expect, test } from 'vitest';
import { decodeFrame } from '../../src/transport/frames.js';

const answer = { kind: 'answer', epoch: 1, seq: 1 };
const error = { code: 'MAILBOX_FULL', failureClass: 'TRANSIENT', message: 'It is full.' };

test.each([null, 'MAILBOX_FULL', [], {}, { ...error, code: 1 }, { ...error, message: undefined }, { ...error, failureClass: 'FATAL' }])('an answer with the error %j is none', (given) => {
  expect(decodeFrame(JSON.stringify({ ...answer, error: given }))).toBeUndefined();
});

test('an answer has an error or none', () => {
  expect(decodeFrame(JSON.stringify(answer))).toEqual(answer);
  expect(decodeFrame(JSON.stringify({ ...answer, error }))).toEqual({ ...answer, error });
});
