import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createKernel, defineAgent, MemoryLogStore } from '@omnipaw/kernel';
import { hostTools } from '@omnipaw/host';
import { assertReplays } from '@omnipaw/testing';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './support/workspace.js';

test('a run with tools of a machine replays from its log, and touches the machine no more', async () => {
  const root = temporaryDirectory();
  const host = hostTools({ root });
  const worker = defineAgent('worker', function* (ctx) {
    yield* ctx.tool(host.fs.writeFile, { path: 'a.txt', content: 'one\n' });
    const { stdout } = yield* ctx.tool(host.system.bash, { command: 'echo two | tee -a a.txt' });
    const refused = yield* ctx.allSettled([ctx.tool(host.fs.readFile, { path: '../x' }), ctx.tool(host.net.fetch, { url: 'http://127.0.0.1/' })]);
    const { content } = yield* ctx.tool(host.fs.readFile, { path: 'a.txt' });
    return { stdout, content, refused: refused.map(({ status }) => status) };
  });
  const log = new MemoryLogStore();
  const kernel = await createKernel({ log, agents: [worker], tools: host.all });
  const result = await kernel.spawn(worker, null, { grants: ['call:host.*'] }).result();
  await kernel.stop();
  expect(result).toEqual({ stdout: 'two\n', content: 'one\ntwo\n', refused: ['rejected', 'rejected'] });
  expect(readFileSync(path.join(root, 'a.txt'), 'utf8')).toBe('one\ntwo\n');
  rmSync(path.join(root, 'a.txt'));
  await expect(assertReplays(log, { agents: [worker], tools: host.all })).resolves.toMatchObject({ replay: 'REPRODUCED' });
  expect(readdirSync(root)).toEqual([]);
});
