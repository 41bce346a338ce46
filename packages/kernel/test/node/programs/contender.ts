/**
 * Obeys the lines on its standard input: at `open` it tries to become the writer and prints `won` or the code of the
 * refusal, at `close` it gives the place back and prints `closed`.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { FileLogStore } from '../../../src/node/index.js';

const store = new FileLogStore(process.argv[2] ?? '');
for await (const line of createInterface({ input: process.stdin })) {
  const answer = line === 'open' ? store.open().then(() => 'won') : store.close().then(() => 'closed');
  writeSync(1, `${await answer.catch((error: unknown) => (error as { code: string }).code)}\n`);
}
