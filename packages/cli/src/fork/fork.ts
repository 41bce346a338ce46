/**
 * `omnipaw fork`: another log that goes on from an entry of this one.
 *
 * It is written beside its place and moved there when it is whole, so that no half of one is ever taken for it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { FileLogReader, FileLogStore, fork as forkLog, type Forked } from '@omnipaw/kernel';
import { signerIn } from '../attest/files.js';
import { callLines, openCallsOf } from '../calls/open-calls.js';
import { EXIT, UsageError } from '../failure.js';
import type { StopSignal } from '../host.js';
import { readJsonArgument } from '../json-argument.js';
import { assertLogDirectory } from '../log-directory.js';
import { withPlugins, type PluginOptions } from '../plugins/load-plugins.js';
import { agentsLeftIn } from '../resume/left.js';
import { carryOn, load, takeUp, tell, type Loaded, type Resumed } from '../resume/resume.js';
import { diverted } from '../run/divert.js';
import type { Session } from '../session.js';
import { EXIT_AFTER_SIGNAL, onStopSignal } from '../signals.js';
import type { Ink } from '../terminal/ink.js';
import { LiveLine } from '../terminal/live-line.js';
import { count, shellWord } from '../terminal/printable.js';
import { assertFree, partialOf, removeLeftovers, removeUntouched } from './place.js';

export interface ForkOptions extends PluginOptions {
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
  return file === undefined ? forkOnly(options, session) : forkAndGoOn(file, options, session);
}

async function forkOnly(options: ForkOptions, session: Session): Promise<number> {
  const { out, people } = session;
  const forked = await written(options, session);
  if (typeof forked === 'string') return EXIT_AFTER_SIGNAL[forked];
  const { into, json } = options;
  const { logId, parent, head, entries } = forked;
  if (json === true) await out.json({ log: path.resolve(into), logId, head, entries, parent });
  else await out.line(forkedText(forked, options, people.ink));
  await tellOpenCalls(into, session);
  await people.line(`  Go on in it: omnipaw resume <program> --log ${shellWord(into)}`);
  return EXIT.ok;
}

async function forkAndGoOn(file: string, options: ForkOptions, session: Session): Promise<number> {
  const done = await diverted(session.host, async () => {
    const { definitions: own } = await load(file);
    return withPlugins({ own, options, session }, ({ definitions }) => forkWith({ file, definitions }, options, session));
  });
  if (typeof done === 'string') return EXIT_AFTER_SIGNAL[done];
  const { logId, parent } = done.forked;
  return tell(done.resumed, { logId, parent }, session);
}

async function forkWith(loaded: Loaded, options: ForkOptions, session: Session): Promise<StopSignal | { readonly resumed: Resumed; readonly forked: Forked }> {
  const { people } = session;
  const { into } = options;
  const before = fs.statSync(into, { throwIfNoEntry: false });
  const forked = await written(options, session);
  if (typeof forked === 'string') return forked;
  const taken = await takeUp(loaded, { ...options, log: into }, session).catch(async (thrown: unknown) => {
    // Whoever tries again needs the place.
    await removeUntouched(into, forked.head);
    if (before !== undefined) fs.mkdirSync(into, { recursive: true, mode: before.mode & 0o777 });
    throw thrown;
  });
  await people.line(forkedText(forked, options, people.ink));
  return { resumed: await carryOn(taken, session), forked };
}

function forkedText({ parent, entries }: Forked, { log, into }: ForkOptions, ink: Ink): string {
  return `${ink('green', '✓')} Forked ${log} at entry ${parent.busSeq} into ${into}: ${count(entries, 'entry', 'entries')}.`;
}

/** What came of them stands further on in the other log, and nobody in this one knows it. */
async function tellOpenCalls(into: string, { people }: Session): Promise<void> {
  const calls = openCallsOf((await agentsLeftIn(into)).all);
  if (calls.length === 0) return;
  await people.line(`${people.ink('yellow', 'warning:')} ${count(calls.length, 'call')} under way at this entry. What came of them is not known in the fork: it is made again if its tool is idempotent, and TOOL_OUTCOME_UNKNOWN otherwise.`);
  for (const line of callLines(calls)) await people.line(line);
}

function assertNothingRuns(options: ForkOptions): void {
  const given = (['agent', 'sign', 'plugins'] as const).find((name) => options[name] !== undefined);
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
  // Not every system moves a directory onto an empty one; whoever made it has said who may read it.
  if (fs.existsSync(to)) {
    fs.chmodSync(from, fs.statSync(to).mode & 0o7777);
    fs.rmdirSync(to);
  }
  fs.renameSync(from, to);
  if (process.platform === 'win32') return;
  const parent = fs.openSync(path.dirname(path.resolve(to)), 'r');
  try {
    fs.fsyncSync(parent);
  } finally {
    fs.closeSync(parent);
  }
}
