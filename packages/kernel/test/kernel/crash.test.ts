import { createKernel, FileLogReader, FileLogStore, inspect, verify } from '@omnipaw/kernel';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../../../../testing/bundle.js';
import { Program } from '../node/program.js';
import { temporaryDirectory } from '../node/temporary-directory.js';
import { entriesOf, ofKind } from '../support/index.js';

const ROUNDS = 10;

/** What the program said had left the kernel. */
interface Line {
  readonly ran?: string;
  readonly acknowledged?: string;
  readonly result?: unknown;
}

describe('a kernel whose process is killed', () => {
  let worker: string;
  beforeAll(async () => {
    worker = await bundle(new URL('programs/worker.ts', import.meta.url));
  }, 60_000);

  test.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
    'at any moment leaves a log that holds all that has left the kernel (%i)', async () => {
      const directory = temporaryDirectory();
      const lines = await runUntilKilled(new Program(process.execPath, [worker, directory]));
      const log = new FileLogReader(directory);

      expect((await verify(log)).integrity).not.toBe('BROKEN');
      const entries = await entriesOf(log);
      const results = new Map(ofKind(entries, 'AGENT_COMPLETED').map(({ agent, data }) => [agent, data.result]));
      const logId = ofKind(entries, 'LOG_OPENED')[0]?.data.logId;
      const intents = new Set(ofKind(entries, 'TOOL_CALLED').map(({ agent, data }) => `${logId}/${agent}/${data.tick}/${data.call}`));
      for (const { ran, acknowledged, result } of lines) {
        if (acknowledged !== undefined) expect(results.get(acknowledged)).toEqual(result);
        if (ran !== undefined) expect(intents).toContain(ran);
      }

      const { agents } = await inspect(log);
      const unended = agents.filter(({ state }) => state !== 'TERMINATED').map(({ id }) => id);
      const reopened = createKernel({ log: new FileLogStore(directory) });
      if (unended.length === 0) await (await reopened).stop();
      else await expect(reopened).rejects.toMatchObject({ code: 'AGENT_TYPE_NOT_REGISTERED' });
    },
    60_000,
  );
});

/** Kills the program after some of its lines, and gives all that it had said. */
async function runUntilKilled(program: Program): Promise<Line[]> {
  const lines: Line[] = [];
  const patience = 1 + Math.floor(Math.random() * 400);
  for (let count = 0; count < patience; count++) {
    const line = await program.line();
    if (line === undefined) throw new Error('The program ended by itself.');
    lines.push(JSON.parse(line) as Line);
  }
  for (const line of await program.kill()) {
    // A write to a pipe may be cut by the kill; half a line says nothing.
    if (line.endsWith('}')) lines.push(JSON.parse(line) as Line);
  }
  return lines;
}
