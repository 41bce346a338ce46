/** `omnipaw plugins test`: runs the tests that an author has written, each file in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { EXIT, UsageError } from '../failure.js';
import { Interrupted } from '../log-progress.js';
import type { Session } from '../session.js';
import { onStopSignal } from '../signals.js';
import { cellText, count, durationText } from '../terminal/printable.js';
import { assertFolder } from './examine.js';
import { pluginLibrary } from './library.js';
import type { TestMessage } from './test-tally.js';

export interface TestOptions {
  readonly json?: boolean;
}

const TEST_FILE = /\.test\.(?:ts|mts|js|mjs)$/;
/** What tells a child of Node's runner that it is one: this runner may be run by such a test itself. */
const NOT_INHERITED = 'NODE_TEST_CONTEXT';

type FileResult = TestMessage & { readonly file: string };

export async function testPlugin(folder: string, { json = false }: TestOptions, session: Session): Promise<number> {
  const { out } = session;
  const { MANIFEST_FILE } = await pluginLibrary();
  assertFolder(folder, `A plugin is a folder with a ${MANIFEST_FILE}.`);
  const files = testFilesIn(path.join(folder, 'test'));
  if (files.length === 0) throw new UsageError(`There is no test in ${path.join(folder, 'test')}: tests are files there whose names end in .test.ts, .test.mts, .test.js or .test.mjs.`);
  const results: FileResult[] = [];
  for (const file of files) {
    if (!json) await out.line(path.relative(folder, file));
    for (const result of await runFile(file, session)) {
      results.push({ file: path.relative(folder, file), ...result });
      if (!json) await tell(result, out);
    }
  }
  const failed = results.filter(({ ok }) => !ok).length;
  const skipped = results.filter(({ ok, isSkipped }) => ok && isSkipped).length;
  const passed = results.length - failed - skipped;
  if (json) await out.json({ ok: failed === 0, passed, failed, skipped, tests: results });
  else await out.line(`${count(passed, 'test')} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

function testFilesIn(folder: string): string[] {
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const place = path.join(folder, item.name);
    if (item.isDirectory()) return item.name === 'node_modules' ? [] : testFilesIn(place);
    return TEST_FILE.test(item.name) ? [place] : [];
  }).sort();
}

/** A process that ends without a word has failed as well. What tests print is for people. */
async function runFile(file: string, { host, people }: Session): Promise<readonly TestMessage[]> {
  const program = new URL('./test-program.js', import.meta.url);
  const env = { ...host.env, [NOT_INHERITED]: undefined };
  const child = spawn(process.execPath, [`--test-reporter=${program.href}`, '--test-reporter-destination=stdout', fileURLToPath(program), path.resolve(file)], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const messages: TestMessage[] = [];
  let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined;
  const stopListening = onStopSignal(host.signals, (signal) => {
    stoppedBy = signal;
    child.kill('SIGTERM');
  });
  child.on('message', (message) => { messages.push(message as TestMessage); });
  const printed = Promise.all([child.stdout, child.stderr].map((stream) => handOn(stream!, people)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  stopListening();
  await printed;
  if (stoppedBy !== undefined) throw new Interrupted(stoppedBy);
  if (code !== 0 && messages.every(({ ok }) => ok)) messages.push({ name: '', ok: false, isSkipped: false, durationMs: 0, error: `The tests ended with ${signal ?? `exit code ${code}`} before they were done.` });
  return messages;
}

async function handOn(stream: Readable, people: Session['people']): Promise<void> {
  for await (const line of createInterface({ input: stream })) if (line !== '') await people.line(line);
}

async function tell({ name, ok, isSkipped, durationMs, error }: TestMessage, out: Session['out']): Promise<void> {
  const mark = !ok ? out.ink('red', '✗') : isSkipped ? out.ink('yellow', '-') : out.ink('green', '✓');
  await out.line(`  ${mark} ${name === '' ? 'the file could not be run' : cellText(name)}${isSkipped ? ' (skipped)' : ` (${durationText(durationMs)})`}`);
  if (!ok) for (const text of (error ?? '').split('\n')) await out.line(`      ${text}`);
}
