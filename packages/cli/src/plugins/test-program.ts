/**
 * The program in which one file of tests runs, with a process to itself; it is its own reporter, too: `node --test-reporter THIS THIS FILE`.
 *
 * Tests import the kernel and the packages of plugins from this installation, so that a plugin can be tested before anything is installed for it.
 */
import * as kernel from '@omnipaw/kernel';
import * as plugins from '@omnipaw/plugins';
import * as testing from '@omnipaw/plugins/testing';
import { createJiti } from 'jiti';
import { failureText, TestTally, type RunnerEvent, type TestMessage } from './test-tally.js';

const MODULES = { '@omnipaw/kernel': kernel, '@omnipaw/plugins': plugins, '@omnipaw/plugins/testing': testing };

/** Tells whoever has started the process; what is written is for people. */
export default async function* report(events: AsyncIterable<RunnerEvent>): AsyncGenerator<string, void> {
  const tally = new TestTally();
  for await (const event of events) {
    const message = tally.take(event);
    if (message !== undefined) tell(message);
  }
  yield '';
}

function tell(message: TestMessage): void {
  process.send?.(message);
}

// Nobody waits for what comes of it any more.
process.on('disconnect', () => { process.exit(1); });
process.channel?.unref();

const [, , file] = process.argv;
if (file !== undefined) {
  try {
    await createJiti(import.meta.url, { fsCache: false, interopDefault: false, virtualModules: MODULES }).import(file);
  } catch (thrown) {
    tell({ name: '', ok: false, isSkipped: false, durationMs: 0, error: failureText(thrown) });
    process.exitCode = 1;
  }
}
