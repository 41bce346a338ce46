import { join } from 'node:path';
import fs from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../../../../testing/bundle.js';
import { readEntries, verify } from '../../src/logging/index.js';
import { FileLogReader, FileLogStore } from '../../src/node/index.js';
import { codec, TestChain } from '../logging/test-chain.js';
import { Program } from './program.js';
import { temporaryDirectory } from './temporary-directory.js';

const ROUNDS = 20;

describe('a writer that is killed', () => {
  let writer: string;
  beforeAll(async () => {
    writer = await bundle(new URL('programs/writer.ts', import.meta.url));
  });

  test(`at any moment, ${ROUNDS} times over: the log opens, verifies, and holds all that was acknowledged`, async () => {
    const directory = temporaryDirectory();
    let acknowledged = -1;
    for (let round = 0; round < ROUNDS; round++) {
      const program = new Program(process.execPath, [writer, directory]);
      const patience = Math.floor(Math.random() * 60);
      for (let count = 0; count <= patience; count++) acknowledged = Number(await program.line());
      acknowledged = Number((await program.kill()).at(-1) ?? acknowledged);

      const { integrity, entries, head } = await verify(new FileLogReader(directory), { codec });
      expect(integrity, `killed after entry ${acknowledged}`).not.toBe('BROKEN');
      expect(entries).toBeGreaterThan(acknowledged);

      const store = new FileLogStore(directory);
      await expect(store.open()).resolves.toMatchObject({ nextSeq: entries, head });
      await store.close();
    }
    // The last writer, too, has gone on from all that were killed before it.
    let count = 0;
    for await (const { busSeq } of readEntries(new FileLogReader(directory), codec)) expect(busSeq).toBe(count++);
    expect(fs.readdirSync(directory).length).toBeGreaterThan(2);
  }, 60_000);
});

describe.runIf(process.platform === 'linux')('a file that may not grow any further', () => {
  test('stops the log at once, with the cause, and loses nothing that was acknowledged', async () => {
    const filler = await bundle(new URL('programs/filler.ts', import.meta.url));
    const directory = join(temporaryDirectory(), 'log');
    const limited = 'trap "" XFSZ; ulimit -f 64; exec "$0" "$@"';
    const program = new Program('bash', ['-c', limited, process.execPath, filler, directory]);
    const seen = JSON.parse((await program.line()) ?? '') as { acknowledged: number };
    expect(seen).toMatchObject({
      code: 'LOG_WRITE_FAILED',
      details: { systemCode: 'EFBIG' },
      message: expect.stringContaining(`All before entry ${seen.acknowledged + 1} is durable`),
      isSame: true,
    });

    const store = new FileLogStore(directory);
    const end = await store.open();
    // What was written of the batch that failed has been taken back.
    expect(end.nextSeq).toBe(seen.acknowledged + 1);
    expect(end.tornTail).toBeUndefined();
    await store.append(new TestChain(end).batch(1));
    await store.close();
    expect(await verify(new FileLogReader(directory), { codec })).toMatchObject({ integrity: 'INTACT', entries: end.nextSeq + 1 });
  });
});
