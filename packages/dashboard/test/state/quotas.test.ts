import { quota } from '@omnipaw/quota';
import type { Entry } from '@omnipaw/kernel';
import { expect, test } from 'vitest';
import type { StoredEntry } from '@omnipaw/dashboard';
import { applyEntry, createState } from '@omnipaw/dashboard/state';
import { history, limitsHistory } from '../support/histories.js';

const logs: readonly (readonly [string, () => Promise<StoredEntry[]>])[] = [
  ['limits', async () => limitsHistory()],
  ['tour', () => history('tour')],
  ['returns', () => history('returns')],
];

test.each(logs)('what agents have used in the log "%s" is what the ledger of quotas says', async (_name, read) => {
  const entries = await read();
  const { ledger } = quota();
  const state = createState();
  for (const entry of entries) {
    ledger.apply(entry as unknown as Entry);
    applyEntry(state, entry);
  }
  for (const { agent, own } of ledger.all()) {
    const { ticks, toolCalls, cpuUs, memoryKeys, children } = state.agents.get(agent)!.used;
    expect({ agent, ticks, toolCalls, cpuMs: cpuUs / 1_000, memoryKeys, children }).toEqual({ agent, ticks: own.ticks, toolCalls: own.toolCalls, cpuMs: own.cpuMs, memoryKeys: own.memoryKeys, children: own.children });
  }
  expect(state.agents.size).toBe(ledger.all().length);
});
