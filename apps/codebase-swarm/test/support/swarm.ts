import { readFileSync } from 'node:fs';
import path from 'node:path';
import { vi } from 'vitest';
import { FileLogReader, readEntries, type Entry } from '@omnipaw/kernel';
import type { SwarmReport } from '../../src/agents/coordinator.js';
import { accountOf, type Account } from '../../src/run/account.js';
import { prepareDirectories } from '../../src/run/directories.js';
import { startSwarm, type SwarmOptions } from '../../src/run/swarm.js';
import { temporaryDirectory } from './tree.js';

export interface Finished {
  readonly out: string;
  readonly report: SwarmReport;
  readonly account: Account;
}

// A run waits for the disk with every entry and every file: how long that takes depends on the machine.
vi.setConfig({ testTimeout: 180_000 });

/** Lets the swarm do its job on a tree; `out` is a new directory unless given. */
export async function runSwarm(source: string, options: SwarmOptions = {}, out = path.join(temporaryDirectory(), 'out')): Promise<Finished> {
  const directories = await prepareDirectories(source, out, new Date());
  const swarm = await startSwarm(directories, options);
  try {
    const report = await swarm.result;
    await swarm.stop();
    return { out, report, account: await accountOf(path.join(out, 'log'), swarm.head()) };
  } finally {
    await swarm.stop();
  }
}

export function output(out: string, name: string): string {
  return readFileSync(path.join(out, name), 'utf8');
}

export async function entriesOf(out: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of readEntries(new FileLogReader(path.join(out, 'log')))) entries.push(entry as unknown as Entry);
  return entries;
}
