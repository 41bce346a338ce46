/** Appends to the log in a directory until it is killed, and prints the number of each entry that is acknowledged. */
import { writeSync } from 'node:fs';
import { FileLogStore } from '../../../src/node/index.js';
import { TestChain } from '../../logging/test-chain.js';

const store = new FileLogStore(process.argv[2] ?? '', { segmentBytes: 20_000 });
const chain = new TestChain(await store.open());
for (let round = 0; ; round++) {
  const batch = chain.batch(1 + (round % 7), { text: 'x'.repeat((round * 97) % 2000) });
  await store.append(batch);
  writeSync(1, `${batch.lastSeq}\n`);
}
