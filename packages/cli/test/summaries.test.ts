import type { RawEntry } from '@omnipaw/kernel';
import { expect, test } from 'vitest';
import { RunTally } from '../src/run/tally.js';
import { summaryOf } from '../src/tail/summaries.js';

const error = { code: 'TOOL_FAILED', failureClass: 'PERMANENT', message: 'it\nbroke' };
const broken = '✗ TOOL_FAILED: it broke';
const [good, bad] = [{ ok: true, value: { n: 1 } }, { ok: false, error }];
const deadline = Date.UTC(2026, 0, 2, 3, 4, 5);
const at = '2026-01-02T03:04:05.000Z';

function entry(kind: string, data: object, agent: string | null = 'a-1'): RawEntry {
  return { busSeq: 1, time: 0, agent, kind, data: data as RawEntry['data'], prev: '', hash: '' };
}

test.each([
  ['LOG_OPENED', { logId: 'f00', kernelVersion: '1.0.0', programs: {}, tools: {} }, 'log f00, kernel 1.0.0'],
  ['KERNEL_STARTED', { kernelVersion: '1.0.0', programs: { a: {}, b: {} }, tools: { t: {} } }, 'kernel 1.0.0, agents a b, tools t'],
  ['LOG_TAIL_CUT', { segment: 's.jsonl', byteOffset: 7, byteCount: 3 }, '3 bytes of s.jsonl at byte 7'],
  ['AGENT_MOVED', { transition: { trigger: 'suspend', to: 'RESUMABLE' }, reason: 'lunch' }, 'suspend → RESUMABLE lunch'],
  ['AGENT_FAULTED', { error }, broken],
  ['AGENT_TERMINATED', { reason: 'abandon', error }, `abandon: ${broken}`],
  ['TRANSITION_REFUSED', { from: 'ACTIVE', trigger: 'resume', reason: '' }, 'resume from ACTIVE'],
  ['INVARIANT_BREACHED', { error }, broken],
  ['TOKEN_REVOKED', { reason: 'enough' }, 'enough'],
  ['TOOL_RESULT', { tool: 't', result: bad }, `t ${broken}`],
  ['TOOL_RETRIED', { tool: 't', attempt: 2, error }, `t attempt 2 ${broken}`],
  ['TOOL_PROGRESS', { tick: 1, call: 0, tool: 't', attempt: 1, value: { stdout: 'ok\n' } }, 't … {"stdout":"ok\\n"}'],
  ['STALE_RESULT', { tool: 't', outcome: good }, 't → {"n":1}'],
  ['REFUSED', { op: 'SEND', error }, `SEND ${broken}`],
  ['CALL_SETTLED', { result: good }, '→ {"n":1}'],
  ['MEMORY_DELETED', { key: 'k' }, 'k'],
  ['SHARED_READ', { namespace: 'team', key: 'k', version: 3 }, 'team/k v3'],
  ['MESSAGE_SENT', { to: 'b-1', channel: 'default', body: [1] }, 'to b-1 on default [1]'],
  ['RECEIVE_STARTED', { filter: { from: 'b-1' }, deadline }, `{"from":"b-1"} until ${at}`],
  ['RECEIVE_STARTED', { filter: {} }, '{}'],
  ['MESSAGE_RECEIVED', { message: 12 }, 'message 12'],
  ['MESSAGE_RECEIVED', { message: 12, result: good }, 'message 12 → {"n":1}'],
  ['SLEEP_STARTED', { deadline }, `until ${at}`],
  ['TIMER_FIRED', { result: good }, '→ {"n":1}'],
  ['APPROVAL_REQUESTED', { action: 'call', resource: 't', approver: 'parent', deadline }, `call:t of parent until ${at}`],
  ['APPROVAL_DECIDED', { approval: 9, approved: true, by: 'ada', reason: '' }, '9 approved by ada'],
  ['APPROVAL_DECIDED', { approval: 9, approved: false, by: 'ada', reason: 'no' }, '9 denied by ada no'],
  ['DELAY_ENDED', { tick: 2, call: 1 }, 'call 2/1'],
  ['GUARD_WOKEN', { tick: 2 }, 'after tick 2'],
  ['QUOTA_EXCEEDED', { tick: 3, resource: 'maxTokens', who: 'a-1', used: 90, asked: 30, limit: 100 }, '✗ maxTokens of a-1: 90 and 30 more of 100'],
  ['QUOTA_WARNED', { tick: 3, resource: 'maxCpuMs', who: 'b-1', used: 60, asked: 0, limit: 100, soft: 50 }, 'maxCpuMs of b-1: 60 of 100, warned from 50'],
  ['QUOTA_WARNED', { tick: 3 }, '{"tick":3}'],
  ['QUOTA_DEADLINE_SET', { tick: 1, deadline }, `asked again at ${at}`],
  ['KIND_OF_AN_EXTENSION', { any: '\u001b' }, '{"any":"\\u001b"}'],
])('%s is told in a few words', (kind, data, expected) => {
  expect(summaryOf(entry(kind, data))).toBe(expected);
});

test('Calls that wait for their rate are told with the time, and what was warned about is counted', () => {
  const tally = new RunTally();
  const add = (kind: string, data: object, agent: string | null = 'a-1'): void => tally.add(entry(kind, data, agent) as never);
  add('AGENT_SPAWNED', {});
  add('TOOL_CALLED', { tick: 1, call: 0 });
  for (const call of [1, 2]) add('DELAY_STARTED', { tick: 1, call, deadline: deadline + call * 1_000 - 1_000 });
  expect(tally.liveText).toBe(`1 agent, 1 tick, 1 tool call (1 running, 2 waiting for their rate, the next until ${at}), no denials`);
  add('DELAY_ENDED', { tick: 1, call: 1 });
  expect(tally.liveText).toContain('1 waiting for their rate, the next until 2026-01-02T03:04:06.000Z');
  add('REFUSED', { tick: 1, op: 'CALL_TOOL', error: { code: 'RATE_LIMITED' } });
  add('TOOL_ASKED', { tick: 1, tool: 't', toolPermission: { decision: 'DENY', by: 'plugin-t has no permission for shell' } });
  add('TOOL_ASKED', { tick: 1, tool: 't', toolPermission: { decision: 'ALLOW', by: 'plugin-t: shell' } });
  add('QUOTA_WARNED', { tick: 1 });
  add('AGENT_FAULTED', { tick: 1 });
  expect(tally.liveText).toBe('1 agent, 1 tick, 1 tool call, 2 denials, 1 warning');
});

test('A run is counted from its entries', () => {
  const tally = new RunTally();
  const add = (kind: string, data: object, agent: string | null = 'a-1'): void => tally.add(entry(kind, data, agent) as never);
  const denied = (permission: string, action?: string): object => ({
    op: 'CALL_TOOL',
    error: { code: 'PERMISSION_DENIED', details: { action, resource: 't', permission: { by: permission } } },
  });
  add('LOG_OPENED', {}, null);
  add('AGENT_SPAWNED', {});
  add('AGENT_SPAWNED', {}, 'b-1');
  for (const agent of ['a-1', 'b-1', 'b-1']) add('TOOL_CALLED', { tick: 2 }, agent);
  expect(tally.liveText).toBe('2 agents, 4 ticks, 3 tool calls (3 running), no denials');
  add('TOOL_RESULT', { tick: 2 });
  expect(tally.liveText).toContain('(2 running)');
  add('AGENT_FAULTED', { tick: 3 }, 'b-1');
  expect(tally.liveText).toBe(tally.text);

  add('REFUSED', denied('default', 'call'));
  add('REFUSED', denied('default', 'call'));
  add('REFUSED', denied('policy night', 'call'));
  add('REFUSED', denied('default'));
  add('REFUSED', { error: { code: 'PRIVILEGE_ESCALATION_ATTEMPT' } }, 'b-1');
  add('REFUSED', { error: { code: 'WRITE_CONFLICT' } });
  expect(tally.text).toBe('2 agents, 5 ticks, 3 tool calls, 5 denials');
  expect(tally.missingGrants).toEqual([{ agent: 'a-1', grant: 'call:t' }]);
});
