/** Appends to the log in a directory until that fails, tries once more, and prints what it saw as JSON. */
import { writeSync } from 'node:fs';
import { FileLogStore } from '../../../src/node/index.js';
import { TestChain } from '../../logging/test-chain.js';

const store = new FileLogStore(process.argv[2] ?? '');
const chain = new TestChain(await store.open());
let acknowledged = -1;
for (;;) {
  const batch = chain.batch(3, { text: 'x'.repeat(1000) });
  const failure: unknown = await store.append(batch).catch((error: unknown) => error);
  if (failure === undefined) {
    acknowledged = batch.lastSeq;
    continue;
  }
  const again: unknown = await store.append(batch).catch((error: unknown) => error);
  const { code, details, message } = failure as { code: string; details: unknown; message: string };
  writeSync(1, JSON.stringify({ acknowledged, code, details, message, isSame: again === failure }));
  break;
}
await store.close();
