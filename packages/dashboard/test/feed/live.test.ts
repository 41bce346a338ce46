import { FileLogStore } from '@omnipaw/kernel';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DirectorySource, type SavedState } from '@omnipaw/dashboard';
import { applyEntry, createState, loadState, saveState } from '@omnipaw/dashboard/state';
import { breakIn, type TestClient } from '../support/client.js';
import { entriesOf } from '../support/histories.js';
import { boot, write, type Watched } from '../support/kernel.js';
import { connect, serve, serveKernel } from '../support/serve.js';

/** Until the client has all that the log holds. */
async function caughtUp(client: TestClient, { kernel }: Watched): Promise<void> {
  await client.until(() => client.last?.busSeq === kernel.entryCount - 1);
}

describe.each(['a kernel in memory', 'a kernel on disk', 'a directory'] as const)('over %s', (what) => {
  async function watched(entries: number): Promise<{ readonly it: Watched; readonly url: string }> {
    const directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'));
    const it = await boot(what === 'a kernel in memory' ? undefined : new FileLogStore(directory));
    await write(it, entries);
    const server = what === 'a directory' ? await serve(new DirectorySource(directory)) : await serveKernel(it);
    return { it, url: server.url };
  }

  it('a client gets a snapshot, and then every entry once, as it is stored', async () => {
    const { it, url } = await watched(300);
    const client = connect(url);
    await client.start();
    const { payload } = await client.message('SNAPSHOT');
    expect(payload.reason).toBe('fresh');
    await write(it, 500, 'später');
    await caughtUp(client, it);

    const { busSeq } = payload.state;
    const stored = (await entriesOf(it.log)).slice(busSeq + 1);
    expect(client.entries).toEqual(stored);
    expect(breakIn(client.lines)).toBeUndefined();
    await it.kernel.stop();
  });

  it('what it folds of that is the state of the log', async () => {
    const { it, url } = await watched(120);
    const client = connect(url);
    await client.start();
    const state = loadState((await client.message('SNAPSHOT')).payload.state);
    await write(it, 200);
    await caughtUp(client, it);
    for (const entry of client.entries) applyEntry(state, entry);
    const whole = createState();
    for (const entry of await entriesOf(it.log)) applyEntry(whole, entry);
    expect(saveState(state)).toEqual(saveState(whole));
    await it.kernel.stop();
  });

  it('a client that was away gets what it has missed, and nothing twice', async () => {
    const { it, url } = await watched(50);
    const first = connect(url);
    await first.start();
    await write(it, 50);
    await caughtUp(first, it);
    const last = first.last!;
    await first.close();
    await write(it, 1_000);

    const second = connect(url);
    const hello = await second.start({ logId: it.kernel.logId, after: last.busSeq, hash: last.hash });
    expect(hello.logId).toBe(it.kernel.logId);
    expect((await second.message('RESUMED')).payload).toEqual({ after: last.busSeq });
    await caughtUp(second, it);
    expect(breakIn([...first.lines, ...second.lines])).toBeUndefined();
    await it.kernel.stop();
  });

  it('who has other entries than the log begins with a snapshot', async () => {
    const { it, url } = await watched(50);
    const first = connect(url);
    await first.start();
    const { state } = (await first.message('SNAPSHOT')).payload;
    const starts = [
      [{ logId: 'another', after: 3, hash: '0'.repeat(64) }, 'other-log'],
      [{ logId: it.kernel.logId, after: 3, hash: '0'.repeat(64) }, 'contradicted'],
      [{ logId: it.kernel.logId, after: 1_000_000, hash: '0'.repeat(64) }, 'contradicted'],
    ] as const;
    for (const [start, reason] of starts) {
      const client = connect(url);
      await client.start(start);
      expect((await client.message('SNAPSHOT')).payload.reason).toBe(reason);
    }
    expect(state.busSeq).toBeLessThan(it.kernel.entryCount);
    await it.kernel.stop();
  });

  it('pages of history come in the order of the log, before an entry and after one, to the end of it', async () => {
    const { it, url } = await watched(2_500);
    const client = connect(url);
    await client.start();
    await client.until(() => client.messages.some((message) => message.type === 'HEAD' && message.payload.busSeq === it.kernel.entryCount - 1));
    const stored = await entriesOf(it.log);

    const back: string[] = [];
    for (let next: number | null = it.kernel.entryCount; next !== null; ) {
      const page = await client.ask('HISTORY', { before: next, limit: 500 });
      back.unshift(...page.lines);
      next = page.next;
    }
    expect(back.map((line) => JSON.parse(line))).toEqual(stored);
    const forth: string[] = [];
    for (let next: number | null = -1; next !== null; ) {
      const page = await client.ask('HISTORY', { after: next, limit: 499, filter: { text: 'X-1', kinds: ['MEMORY_SET'] } });
      forth.push(...page.lines);
      next = page.next;
    }
    expect(forth.map((line) => JSON.parse(line).busSeq)).toEqual(stored.filter((entry) => entry.kind === 'MEMORY_SET' && JSON.stringify(entry).includes('x-1')).map(({ busSeq }) => busSeq));
    await it.kernel.stop();
  });

  it('the state at any entry is what the entries up to it come to', async () => {
    const { it, url } = await watched(400);
    const client = connect(url);
    await client.start();
    await client.until(() => client.messages.some((message) => message.type === 'HEAD' && message.payload.busSeq === it.kernel.entryCount - 1));
    const stored = await entriesOf(it.log);
    const state = createState();
    for (const entry of stored) {
      applyEntry(state, entry);
      if (entry.busSeq % 97 !== 0) continue;
      const reply = (await client.ask('STATE', { at: entry.busSeq })) as { readonly state: SavedState };
      expect(reply.state).toEqual(JSON.parse(JSON.stringify(saveState(state))));
    }
    expect(await client.ask('STATE', { at: stored.length })).toEqual({ error: 'NOT_THERE' });
    await it.kernel.stop();
  });

  it('an entry has what led to it, and what it led to', async () => {
    const { it, url } = await watched(10);
    const client = connect(url);
    await client.start();
    await client.until(() => client.messages.some((message) => message.type === 'HEAD' && message.payload.busSeq === it.kernel.entryCount - 1));
    const stored = await entriesOf(it.log);
    const born = stored.find(({ kind }) => kind === 'AGENT_SPAWNED')!;
    const reply = await client.ask('ENTRY', { busSeq: born.busSeq });
    expect(JSON.parse(reply.line)).toEqual(born);
    expect(reply.effects.map(({ kind }: { readonly kind: string }) => kind)).toEqual(['AGENT_COMPLETED', 'AGENT_TERMINATED']);
    const ended = await client.ask('ENTRY', { busSeq: reply.effects[1].busSeq });
    expect(ended.causes.map(({ busSeq }: { readonly busSeq: number }) => busSeq)).toContain(born.busSeq);
    expect(await client.ask('ENTRY', { busSeq: stored.length })).toEqual({ error: 'NOT_THERE' });
    await it.kernel.stop();
  });
});
