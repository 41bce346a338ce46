import { expect, test } from 'vitest';
import { isFailure, matchesFilter, threadsOf } from '@omnipaw/dashboard/state';
import { history } from '../support/histories.js';

test('a filter lets pass what all of its fields say', async () => {
  const entries = await history('tour');
  const of = (filter: Parameters<typeof matchesFilter>[1]) => entries.filter((entry) => matchesFilter(entry, filter, JSON.stringify(entry)));
  expect(of({})).toEqual(entries);
  expect(of({ agent: 'tour-1' })).toEqual(entries.filter(({ agent }) => agent === 'tour-1'));
  expect(of({ kinds: ['TOOL_CALLED', 'TOOL_RESULT'], agent: 'tour-1' })).toEqual(entries.filter(({ agent, kind }) => agent === 'tour-1' && kind.startsWith('TOOL_') && (kind.endsWith('CALLED') || kind.endsWith('RESULT'))));
  expect(of({ text: 'ON PURPOSE' })).toEqual(entries.filter((entry) => JSON.stringify(entry).includes('on purpose')));
  expect(of({ text: 'ON PURPOSE' }).length).toBeGreaterThan(0);
  expect(of({ failed: true })).toEqual(entries.filter(isFailure));
});

test('the history of a key is the entries that wrote it', async () => {
  const entries = await history('tour');
  const of = (filter: Parameters<typeof matchesFilter>[1]) => entries.filter((entry) => matchesFilter(entry, filter, '')).map(({ kind, data, agent }) => [kind, agent, data['version'] ?? data['value']]);
  expect(of({ key: 'n', agent: 'helper-1' })).toEqual([['MEMORY_SET', 'helper-1', 7]]);
  expect(of({ key: 'plan', namespace: 'team' })).toEqual(entries.filter(({ kind }) => kind === 'SHARED_WRITTEN').map(({ kind, agent, data }) => [kind, agent, data['version']]));
  expect(of({ key: 'plan', namespace: 'another' })).toEqual([]);
});

test('what failed is refused, faulted, denied, or has an error as its result; a wait that ends in time has not', async () => {
  const failed = (await history('tour')).filter(isFailure);
  const kinds = new Set(failed.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['AGENT_FAULTED', 'AGENT_TERMINATED', 'APPROVAL_DECIDED', 'DELEGATION_RESULT', 'REFUSED', 'TOOL_RESULT', 'TOOL_RETRIED']));
});

test('a result shares a thread with its intent, a receipt with its message, and an answer with what was asked', async () => {
  const entries = await history('tour');
  const pairs = [['TOOL_RESULT', 'TOOL_CALLED'], ['MESSAGE_RECEIVED', 'MESSAGE_SENT'], ['APPROVAL_DECIDED', 'APPROVAL_REQUESTED'], ['DELEGATION_RESULT', 'AGENT_SPAWNED']] as const;
  for (const [effect, cause] of pairs) {
    for (const entry of entries.filter(({ kind }) => kind === effect)) {
      const threads = threadsOf(entry);
      const before = entries.slice(0, entry.busSeq).filter((other) => threadsOf(other).some((thread) => threads.includes(thread)));
      // What was approved is called under the name of the request.
      expect(before.some(({ kind }) => kind === cause || kind === 'APPROVAL_REQUESTED' || kind === 'TOOL_ASKED'), `${effect} ${String(entry.busSeq)}`).toBe(true);
    }
  }
});
