/**
 * `omnipaw fork`: another log that goes on from an entry of this one.
 *
 * It is written beside its place and moved there when it is whole, so that no half of one is ever taken for it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { FileLogReader, FileLogStore, fork as forkLog, type Forked } from '@omnipaw/kernel';
import { signerIn } from '../attest/files.js';
import { EXIT, UsageError } from '../failure.js';
import type { StopSignal } from '../host.js';
import { readJsonArgument } from '../json-argument.js';
import { assertLogDirectory } from '../log-directory.js';
import { takeUp } from '../resume/resume.js';
import type { Session } from '../session.js';
import { EXIT_AFTER_SIGNAL, onStopSignal } from '../signals.js';
import { LiveLine } from '../terminal/live-line.js';
import { count, shellWord } from '../terminal/printable.js';
import { assertFree, partialOf, removeLeftovers } from './place.js';

export interface ForkOptions {
  readonly log: string;
  readonly at: number;
  readonly into: string;
  readonly patch?: string;
  /** With a program: the one agent to wait for. */
  readonly agent?: string;
  /** With a program: the file of the private key to sign the new log with. */
  readonly sign?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export async function fork(file: string | undefined, options: ForkOptions, session: Session): Promise<number> {
  assertLogDirectory(options.log);
  if (file === undefined) assertNothingRuns(options);
  assertFree(options.into, options.log);
  // Before anything is written, rather than when it is used.
  if (options.sign !== undefined) signerIn(options.sign);
  const forked = await written(options, session);
  if (typeof forked === 'string') return EXIT_AFTER_SIGNAL[forked];
  const { out, people } = session;
  const { logId, parent, head, entries } = forked;
  const { log, into, json } = options;
  const what = `${people.ink('green', '✓')} Forked ${log} at entry ${parent.busSeq} into ${into}: ${count(entries, 'entry', 'entries')}.`;
  if (file !== undefined) {
    await people.line(what);
    return takeUp({ file, options: { ...options, log: into }, more: { logId, parent } }, session);
  }
  if (json === true) await out.json({ log: path.resolve(into), logId, head, entries, parent });
  else await out.line(what);
  await people.line(`  Go on in it: omnipaw resume <program> --log ${shellWord(into)}`);
  return EXIT.ok;
}

function assertNothingRuns(options: ForkOptions): void {
  const given = (['agent', 'sign'] as const).find((name) => options[name] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given} is for a fork that goes on at once, and no program is named: omnipaw fork <program> …`);
}

/** What was written, or the signal that came before it was. */
async function written(options: ForkOptions, { host }: Session): Promise<Forked | StopSignal> {
  const { log, at, into } = options;
  const patch = options.patch === undefined ? {} : { patch: readJsonArgument(options.patch, 'The patch') };
  await removeLeftovers(into);
  const partial = partialOf(into);
  let stoppedBy: StopSignal | undefined;
  let done = 0;
  const onProgress = (entries: number): void => {
    if (stoppedBy !== undefined) throw new Error('A signal came.');
    done = entries;
  };
  const stopListening = onStopSignal(host.signals, (signal) => { stoppedBy = signal; });
  const live = new LiveLine(host.stderr, () => `Forking: ${Math.min(100, Math.floor((done / (2 * (at + 1))) * 100))} %`);
  try {
    const forked = await forkLog(new FileLogReader(log), { at, ...patch, into: new FileLogStore(partial), onProgress });
    moveDurably(partial, into);
    return forked;
  } catch (thrown) {
    if (stoppedBy !== undefined) return stoppedBy;
    throw thrown;
  } finally {
    live.stop();
    stopListening();
    // It is ours: nobody else knows its name.
    fs.rmSync(partial, { recursive: true, force: true });
  }
}

function moveDurably(from: string, to: string): void {
  // Not every system moves a directory onto an empty one.
  if (fs.existsSync(to)) fs.rmdirSync(to);
  fs.renameSync(from, to);
  if (process.platform === 'win32') return;
  const parent = fs.openSync(path.dirname(path.resolve(to)), 'r');
  try {
    fs.fsyncSync(parent);
  } finally {
    fs.closeSync(parent);
  }
}
