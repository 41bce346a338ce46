/** Logs to look at, written by the kernel itself. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createKernel, FileLogStore, type AgentDefinition, type FileLogStoreOptions, type OmniKernel, type RawEntry, type Tool } from '@omnipaw/kernel';
import { temporaryFolder } from './command.js';
import * as team from './fixtures/team.js';

export const SEGMENT = '0000000000000000.jsonl';

export interface WrittenLog {
  readonly log: string;
  readonly head: string;
  readonly entries: number;
}

export function bootOn(log: string, options: FileLogStoreOptions = {}): Promise<OmniKernel> {
  const agents: AgentDefinition[] = [team.lead, team.worker];
  const tools: Tool[] = [team.measure];
  return createKernel({ log: new FileLogStore(log, options), agents, tools });
}

export const TEAM_GRANTS = ['delegate:worker', 'call:measure', 'write:shared:team/*'];

/** A lead, its workers, memory of every kind. */
export async function teamLog(options: FileLogStoreOptions = {}, texts: readonly string[] = ['a', 'bcd']): Promise<WrittenLog> {
  const log = path.join(temporaryFolder(), 'log');
  const kernel = await bootOn(log, options);
  await kernel.spawn(team.lead, [...texts], { grants: TEAM_GRANTS, quota: { maxTicks: 50 } }).result();
  await kernel.stop();
  return { log, head: kernel.head, entries: kernel.entryCount };
}

/** Changes the bytes of a segment. */
export function damage(log: string, change: (bytes: Buffer) => Uint8Array, segment = SEGMENT): void {
  const file = path.join(log, segment);
  fs.writeFileSync(file, change(fs.readFileSync(file)));
}

/** Writes a log anew with a change, every hash right: what somebody can do who can write to it. */
export function rewrite(log: string, change: (entry: RawEntry) => unknown): void {
  const entries = storedText(log).trimEnd().split('\n').flatMap((line) => change(JSON.parse(line) as RawEntry) as RawEntry | RawEntry[]);
  let prev = '0'.repeat(64);
  const lines = entries.map(({ time, agent, kind, data }, busSeq) => {
    const body = JSON.stringify({ busSeq, time, agent, kind, data, prev }).slice(0, -1);
    prev = createHash('sha256').update(body).digest('hex');
    return `${body},"hash":"${prev}"}\n`;
  });
  for (const name of fs.readdirSync(log)) if (name.endsWith('.jsonl')) fs.rmSync(path.join(log, name));
  fs.writeFileSync(path.join(log, SEGMENT), lines.join(''));
}

/** All lines of a log as stored. */
export function storedText(log: string): string {
  const names = fs.readdirSync(log).filter((name) => name.endsWith('.jsonl')).sort();
  return names.map((name) => fs.readFileSync(path.join(log, name), 'utf8')).join('');
}

/** Resolves once an entry of a kind is in a log that somebody writes. */
export async function untilStored(log: string, kind: string): Promise<void> {
  const segment = path.join(log, SEGMENT);
  while (!fs.existsSync(segment) || !fs.readFileSync(segment, 'utf8').includes(kind)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
