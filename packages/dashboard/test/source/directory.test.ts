import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileLogStore } from '@omnipaw/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { DirectorySource } from '@omnipaw/dashboard';
import type { TestClient } from '../support/client.js';
import { boot, write, writeLog } from '../support/kernel.js';
import { connect, serve } from '../support/serve.js';

let directory: string;
let segment: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'));
  segment = path.join(directory, '0000000000000000.jsonl');
});

async function open(): Promise<TestClient> {
  const client = connect((await serve(new DirectorySource(directory))).url);
  await client.start();
  return client;
}

function headIs(client: TestClient, log: string): Promise<unknown> {
  return client.until(() => client.messages.some((message) => message.type === 'HEAD' && message.payload.log === log));
}

describe('a directory with a log', () => {
  it('is live while somebody writes it, and has ended when nobody does', async () => {
    const watched = await boot(new FileLogStore(directory));
    await write(watched, 10);
    const client = await open();
    await headIs(client, 'live');
    await watched.kernel.stop();
    await headIs(client, 'ended');
  });

  it('is not written to, and needs no lock', async () => {
    await writeLog(directory, 100);
    const before = readdirSync(directory).map((name) => [name, readFileSync(path.join(directory, name), 'utf8')]);
    const client = await open();
    await client.ask('HISTORY', { after: -1, limit: 500 });
    expect(readdirSync(directory).map((name) => [name, readFileSync(path.join(directory, name), 'utf8')])).toEqual(before);
  });

  it('may be none yet', async () => {
    const client = await open();
    const { state } = (await client.message('SNAPSHOT')).payload;
    expect(state.busSeq).toBe(-1);
    await writeLog(directory, 10);
    await client.until(() => client.last?.kind === 'AGENT_TERMINATED');
    expect(client.entries[0]).toMatchObject({ busSeq: 0, kind: 'LOG_OPENED' });
  });

  it('is followed from one segment to the next', async () => {
    const watched = await boot(new FileLogStore(directory, { segmentBytes: 4_096 }));
    const client = await open();
    await client.message('SNAPSHOT');
    for (let round = 0; round < 6; round++) await write(watched, 50);
    await client.until(() => client.last?.busSeq === watched.kernel.entryCount - 1);
    expect(readdirSync(directory).filter((name) => name.endsWith('.jsonl')).length).toBeGreaterThan(3);
    const page = await client.ask('HISTORY', { after: 50, limit: 200 });
    expect(page.lines.map((line: string) => JSON.parse(line).busSeq)).toEqual(Array.from({ length: 200 }, (_, index) => index + 51));
    await watched.kernel.stop();
  });

  it('with a changed line is shown up to there, and the page is told where it is broken', async () => {
    await writeLog(directory, 50);
    const lines = readFileSync(segment, 'utf8').split('\n');
    lines[20] = lines[20]!.replace('x-', 'y-');
    writeFileSync(segment, lines.join('\n'));
    const client = await open();
    const { state } = (await client.message('SNAPSHOT')).payload;
    expect(state.busSeq).toBe(19);
    const hello = client.messages.find((message) => message.type === 'HELLO' || message.type === 'PROBLEM');
    expect(hello).toBeDefined();
    await headIs(client, 'broken');
    const again = await open();
    const { payload } = await again.message('HELLO');
    const problem = payload.problems[0] ?? (await again.message('PROBLEM')).payload;
    expect(problem).toMatchObject({ code: 'LOG_CORRUPT', details: { busSeq: 20, reason: 'HASH_MISMATCH' } });
  });

  it('that is another one all at once is told from its beginning', async () => {
    await writeLog(directory, 50);
    const client = await open();
    await client.message('SNAPSHOT');
    const other = mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'));
    await writeLog(other, 80);
    copyFileSync(path.join(other, path.basename(segment)), segment);
    await client.until(() => client.messages.filter(({ type }) => type === 'SNAPSHOT').length === 2);
    expect(client.messages.filter(({ type }) => type === 'SNAPSHOT')[1]).toMatchObject({ payload: { reason: 'contradicted' } });
    await client.until(() => client.last?.kind === 'AGENT_TERMINATED');
    expect(client.last!.hash).toBe((JSON.parse(readFileSync(segment, 'utf8').trimEnd().split('\n').at(-1)!) as { hash: string }).hash);
  });

  it('that was cut is told from its beginning', async () => {
    await writeLog(directory, 50);
    const client = await open();
    await client.message('SNAPSHOT');
    const text = readFileSync(segment, 'utf8');
    truncateSync(segment, text.split('\n').slice(0, 30).join('\n').length + 1);
    await client.until(() => client.messages.filter(({ type }) => type === 'SNAPSHOT').length === 2);
    await client.until(() => client.last?.busSeq === 29);
  });

  it('that is gone all at once is said to be gone', async () => {
    await writeLog(directory, 10);
    const client = await open();
    await client.message('SNAPSHOT');
    rmSync(directory, { recursive: true });
    await client.until(() => client.messages.some((message) => message.type === 'PROBLEM' && message.payload.code === 'LOG_REPLACED'));
  });
});
