/** The command in this process: with a world of its own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import type { Host } from '../src/host.js';
import { main } from '../src/main.js';
import { FakeSignals, Sink } from './sink.js';

// A machine may be slow, or busy with something else.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

export interface Running {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly signals: FakeSignals;
  readonly done: Promise<number>;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type World = Partial<Omit<Host, 'argv' | 'signals'>>;

/** Starts the command, for tests that watch it or stop it. */
export function start(argv: readonly string[], world: World = {}): Running {
  const stdout = (world.stdout ?? new Sink()) as Sink;
  const stderr = (world.stderr ?? new Sink()) as Sink;
  const signals = new FakeSignals();
  const stdin = world.stdin ?? nothing();
  return { stdout, stderr, signals, done: main({ argv, stdin, stdout, stderr, env: world.env ?? {}, signals, graceMs: world.graceMs ?? 60_000 }) };
}

export async function omnipaw(argv: readonly string[], world: World = {}): Promise<Finished> {
  const { stdout, stderr, done } = start(argv, world);
  return { code: await done, stdout: stdout.text, stderr: stderr.text };
}

export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'omnipaw-cli-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A program among the fixtures. */
export function program(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
}

async function* nothing(): AsyncGenerator<string, void> {}
