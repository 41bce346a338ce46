import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hostTools, type HostTools } from '@omnipaw/host';
import { createKernel, defineAgent, MemoryLogStore } from '@omnipaw/kernel';
import { DockerSandbox, LABELS } from '@omnipaw/sandbox-docker';
import { assertReplays } from '@omnipaw/testing';
import Docker from 'dockerode';
import { expect, onTestFinished, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { call } from '../../host/test/support/call.js';
import { callAll, everythingIn, FILE_CALLS, prepareFiles } from '../../host/test/support/file-calls.js';
import { containersOf, expectedUid, noEngine, sandboxIn, testImage, workspace } from './support/sandbox.js';

/** Tools for files whose work is done in containers of a sandbox. */
function containedBy(root: string, sandbox: DockerSandbox): HostTools['fs'] {
  return hostTools({ root, runners: [sandbox], environment: { SANDBOX_MODE: 'docker' }, fs: { contained: true } }).fs;
}

describeWith('docker', 'tools for files in containers', () => {
  test('give, throw and do what those on this machine do, and what they make belongs to whom commands run as', async () => {
    const [here, there] = [workspace(), workspace()];
    for (const root of [here, there]) prepareFiles(root);
    if (process.getuid!() === 0) spawnSync('chown', ['-R', '-h', `${expectedUid()}:${expectedUid()}`, there]);
    const expected = await callAll(hostTools({ root: here }).fs);
    const came = await callAll(containedBy(there, sandboxIn(there, { warm: 2 })));
    for (const [index, [title, tool]] of FILE_CALLS.entries()) expect(came[index], `${tool}: ${title}`).toEqual(expected[index]);
    expect(everythingIn(there)).toEqual(everythingIn(here));
    const owners = (readdirSync(there, { recursive: true }) as string[]).map((name) => lstatSync(path.join(there, name)).uid);
    expect(new Set(owners)).toEqual(new Set([expectedUid()]));
  });

  test('have a container for each call, which says for whom it is, and nothing is left of it', async () => {
    const root = workspace();
    const sandbox = sandboxIn(root);
    const labels: string[] = [];
    const exec = async (...given: Parameters<DockerSandbox['exec']>): ReturnType<DockerSandbox['exec']> => {
      const [command, options] = given;
      // Long enough to be seen.
      const result = sandbox.exec(['sh', '-c', 'until [ -e seen ]; do sleep 0.1; done; exec "$@"', 'sh', ...command], options);
      while (labels.length === 0) labels.push(...(await containersOf(process.pid)).map(({ Labels }) => Labels[LABELS.tool]!));
      writeFileSync(path.join(root, 'seen'), '');
      return result;
    };
    const { fs } = hostTools({ root, runners: [{ mode: 'docker', exec }], environment: { SANDBOX_MODE: 'docker' }, fs: { contained: true } });
    await call(fs.writeFile, { path: 'a.txt', content: 'one' });
    expect(labels).toEqual(['host.fs.write_file']);
    expect(await containersOf(process.pid)).toEqual([]);
    expect(statSync(path.join(root, 'a.txt')).uid).toBe(expectedUid());
  });

  test('fail with what is missing there: room for files, memory, node', async () => {
    const root = workspace();
    const little = containedBy(root, sandboxIn(root, { limits: { maxFileBytes: 4_096 } }));
    await expect(call(little.writeFile, { path: 'large', content: 'x'.repeat(10_000) })).rejects.toMatchObject({ code: 'FILE_SYSTEM_FAILED', details: { reason: 'could not be used (EFBIG)' } });
    writeFileSync(path.join(root, 'larger'), Buffer.alloc(16 * 1024 * 1024), { mode: 0o644 });
    const less = containedBy(root, sandboxIn(root, { limits: { memoryBytes: 12 * 1024 * 1024 } }));
    await expect(call(less.readFile, { path: 'larger', encoding: 'base64' })).rejects.toMatchObject({ code: 'FILE_SYSTEM_FAILED', details: { endedBy: 'memory' } });
    const none = containedBy(root, sandboxIn(root, { image: await imageWithoutNode() }));
    await expect(call(none.listDir, { path: '.' })).rejects.toMatchObject({ code: 'SANDBOX_UNAVAILABLE', message: expect.stringContaining('there is no node where commands run') });
    expect(readdirSync(root)).toEqual(['larger']);
  });

  test('need no engine in a replay', async () => {
    const root = workspace();
    const worker = (fs: HostTools['fs']) =>
      defineAgent('worker', function* (ctx) {
        yield* ctx.tool(fs.writeFile, { path: 'a.txt', content: 'one\n' });
        const refused = yield* ctx.allSettled([ctx.tool(fs.readFile, { path: '../x' })]);
        return [(yield* ctx.tool(fs.readFile, { path: 'a.txt' })).content, refused[0].status];
      });
    const fs = containedBy(root, sandboxIn(root));
    const log = new MemoryLogStore();
    const kernel = await createKernel({ log, agents: [worker(fs)], tools: Object.values(fs) });
    await expect(kernel.spawn(worker(fs), null, { grants: ['call:host.fs.*'] }).result()).resolves.toEqual(['one\n', 'rejected']);
    await kernel.stop();
    const nowhere = containedBy(root, new DockerSandbox({ root, docker: noEngine() }));
    await expect(assertReplays(log, { agents: [worker(nowhere)], tools: Object.values(nowhere) })).resolves.toMatchObject({ replay: 'REPRODUCED' });
  });
});

async function imageWithoutNode(): Promise<string> {
  const docker = new Docker();
  const name = 'omnipaw/sandbox-test-no-node';
  const container = await docker.createContainer({ Image: testImage(), Cmd: ['rm', '/usr/bin/node'], HostConfig: { NetworkMode: 'none' } });
  await container.start();
  await container.wait();
  await container.commit({ repo: name });
  await container.remove();
  onTestFinished(async () => { await docker.getImage(name).remove(); });
  return name;
}
