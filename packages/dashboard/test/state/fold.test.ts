import { FileLogReader, inspect, type AgentSnapshot } from '@omnipaw/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentState, DashboardState, StoredEntry } from '@omnipaw/dashboard';
import { applyEntry, createState, loadState, saveState } from '@omnipaw/dashboard/state';
import { HISTORIES, history, limitsHistory } from '../support/histories.js';

function foldOf(entries: readonly StoredEntry[]): DashboardState {
  const state = createState();
  for (const entry of entries) applyEntry(state, entry);
  return state;
}

/** What both sides say of an agent. */
function comparable({ id, type, parent, children, state, createdAt, isRevoked, memory, mailboxSize, waitingFor, outcome }: AgentSnapshot): object {
  return {
    id, type, parent, children, state, spawnedAt: createdAt, isRevoked, memory, mailboxSize,
    waitingFor: waitingFor.map(({ kind, tick, call, since }) => ({ kind, tick, call, since })),
    outcome: outcome === undefined ? null : outcome.ok ? { ok: true, value: outcome.value } : { ok: false, code: outcome.error.code },
  };
}

function shownAgent({ id, type, parent, children, state, spawnedAt, isRevoked, memory, mailboxSize, waitingFor, outcome }: AgentState): object {
  return {
    id, type, parent, children, state, spawnedAt, isRevoked, mailboxSize,
    memory: Object.fromEntries([...memory].filter(([, { isDeleted }]) => isDeleted !== true).map(([key, { value }]) => [key, value])),
    waitingFor: waitingFor.map(({ kind, tick, call, since }) => ({ kind, tick, call, since })),
    outcome: outcome === null ? null : outcome.ok ? { ok: true, value: outcome.value.value } : { ok: false, code: outcome.error.code },
  };
}

describe.each(Object.keys(HISTORIES))('the fold of the history "%s"', (name) => {
  it('says the same as the kernel, at every tenth entry and at the end', async () => {
    const entries = await history(name);
    const state = createState();
    for (const entry of entries) {
      applyEntry(state, entry);
      if (entry.busSeq % 10 !== 0 && entry.busSeq !== entries.length - 1) continue;
      const inspection = await inspect(new FileLogReader(HISTORIES[name]!), { at: entry.busSeq });
      expect([...state.agents.values()].map(shownAgent), `at ${String(entry.busSeq)}`).toEqual(inspection.agents.map(comparable));
      const shared = Object.fromEntries([...state.shared].map(([namespace, keys]) => [namespace, Object.fromEntries([...keys].map(([key, { value, version }]) => [key, { value, version }]))]));
      expect(shared).toEqual(inspection.shared);
      expect(state.hash).toBe(inspection.head);
    }
  });

  it('goes on from JSON as if it had never been written down', async () => {
    const entries = await history(name);
    const whole = saveState(foldOf(entries));
    for (const at of [0, 1, Math.floor(entries.length / 2), entries.length - 1]) {
      const state = loadState(JSON.parse(JSON.stringify(saveState(foldOf(entries.slice(0, at))))));
      for (const entry of entries.slice(at)) applyEntry(state, entry);
      expect(saveState(state)).toEqual(whole);
    }
  });

  it('counts agents by state, and each transition from the state before', async () => {
    const { lifecycle, agents } = foldOf(await history(name));
    const counted = new Map<string, number>();
    for (const { state } of agents.values()) counted.set(state, (counted.get(state) ?? 0) + 1);
    expect(new Map([...lifecycle.counts].filter(([, count]) => count !== 0))).toEqual(counted);
    expect(lifecycle.taken.get('DEFINED spawn')).toBe(agents.size);
  });
});

describe('the fold', () => {
  it('shows requests for approval, open and decided', async () => {
    const entries = await history('tour');
    const asked = entries.find(({ kind }) => kind === 'APPROVAL_REQUESTED')!;
    const open = foldOf(entries.slice(0, asked.busSeq + 1)).approvals.get(asked.busSeq);
    expect(open).toMatchObject({ agent: asked.agent, resource: asked.data['resource'], decision: null });
    const decisions = [...foldOf(entries).approvals.values()].map(({ decision }) => decision?.how);
    expect(decisions).toContain('approved');
    expect(decisions).toContain('denied');
    expect(decisions).not.toContain(undefined);
  });

  it('shows limits that were met', () => {
    const entries = limitsHistory();
    const met = entries.filter(({ kind }) => kind === 'QUOTA_EXCEEDED' || kind === 'QUOTA_WARNED');
    expect(foldOf(entries).limitsMet.map(({ seq }) => seq)).toEqual(met.map(({ busSeq }) => busSeq));
    expect(met.length).toBeGreaterThan(0);
  });

  it('leaves out a value that is large, and says where it is', () => {
    const entry = { ...spawned('a-1', 1), busSeq: 2, kind: 'MEMORY_SET', data: { tick: 1, key: 'book', value: 'x'.repeat(5_000) } };
    const key = foldOf([opened(), spawned('a-1', 1), entry]).agents.get('a-1')!.memory.get('book');
    expect(key).toMatchObject({ seq: 2, isCut: true, version: 1 });
    expect(key).not.toHaveProperty('value');
  });

  it('keeps an agent, a key and a namespace apart from what every object has', () => {
    const state = foldOf([
      opened(), spawned('constructor', 1),
      { ...spawned('constructor', 2), kind: 'MEMORY_SET', data: { tick: 1, key: '__proto__', value: 1 } },
      { ...spawned('constructor', 3), kind: 'SHARED_WRITTEN', data: { tick: 1, namespace: '__proto__', key: 'toString', value: 2, version: 1 } },
    ]);
    const again = loadState(JSON.parse(JSON.stringify(saveState(state))));
    expect(again.agents.get('constructor')?.memory.get('__proto__')?.value).toBe(1);
    expect(again.shared.get('__proto__')?.get('toString')?.value).toBe(2);
    expect(Reflect.get({}, 'toString')).toBe(Object.prototype.toString);
  });

  it('throws for no entry, whatever is in its data, and can be written down after any', async () => {
    const kinds = [...new Set([...(await history('tour')), ...limitsHistory()].map(({ kind }) => kind))];
    const names = ['tick', 'call', 'to', 'from', 'channel', 'body', 'key', 'namespace', 'value', 'version', 'result', 'error', 'transition', 'token', 'quota', 'metadata', 'parent', 'approval', 'message', 'usage', 'filter', 'instruction', 'permission'];
    const strange = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('a-1', 'swarm/s/vote', 'swarm/s/election', 's', { kind: 'ask', body: { kind: 'vote', options: 3 } }, { trigger: 'spawn', to: 'ACTIVE' }, { swarm: 's', slot: 'x' }));
    const data = fc.dictionary(fc.constantFrom(...names), strange, { maxKeys: 8 });
    const entries = fc.array(fc.record({ kind: fc.constantFrom(...kinds), agent: fc.constantFrom('a-1', 'b-1', null), data }), { maxLength: 40 });
    fc.assert(fc.property(entries, (some) => {
      const state = createState();
      for (const [busSeq, entry] of some.entries()) applyEntry(state, { ...entry, data: entry.data as StoredEntry['data'], busSeq, time: busSeq, prev: '', hash: '' });
      expect(saveState(loadState(JSON.parse(JSON.stringify(saveState(state)))))).toEqual(saveState(state));
    }), { numRuns: 500 });
  });
});

function opened(): StoredEntry {
  return { busSeq: 0, time: 0, agent: null, kind: 'LOG_OPENED', data: { format: 2, logId: 'log', kernelVersion: '0', programs: {}, tools: {}, extensions: {} }, prev: '', hash: '' };
}

function spawned(agent: string, busSeq: number): StoredEntry {
  return { busSeq, time: 1, agent, kind: 'AGENT_SPAWNED', data: { type: 'a', parent: null, token: { grants: [], depth: 1 }, quota: {}, metadata: {}, transition: { trigger: 'spawn', to: 'SPAWNED' } }, prev: '', hash: '' };
}
