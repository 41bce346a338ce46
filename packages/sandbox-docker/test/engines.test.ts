/** Where an engine is, and what it gets from elsewhere. */
import { copyFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { PullProgress } from '@omnipaw/sandbox-docker';
import Docker from 'dockerode';
import { expect, onTestFinished, test, vi } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { registry } from './support/registry.js';
import { containersOf, sandboxIn, sh, testImage, workspace } from './support/sandbox.js';
import { breakableEngine, brokenEngine, makeCertificates, mutedEngine, tlsEngine, type TlsEngine } from './support/far-engine.js';

describeWith('docker', 'an engine that has not the image', () => {
  test('pulls it from a registry, if it may, and tells how far it is', async () => {
    const image = await registry();
    const docker = new Docker();
    const told: PullProgress[] = [];
    await expect(sandboxIn(workspace(), { image }).prepare()).rejects.toMatchObject({ code: 'SANDBOX_IMAGE_MISSING' });
    await sandboxIn(workspace(), { image, pull: true, onPull: (progress) => told.push(progress) }).prepare();
    onTestFinished(async () => { await docker.getImage(image).remove(); });
    expect(told.map(({ status }) => status)).toEqual(expect.arrayContaining(['Pulling fs layer', 'Pull complete']));
    // An engine that is fast enough says nothing of downloading, only of unpacking.
    expect(told.find(({ bytes }) => bytes !== undefined)).toMatchObject({ image, layer: expect.any(String), bytes: expect.any(Number), ofBytes: expect.any(Number) });
    // There is no shell in it.
    await expect(sh(sandboxIn(workspace(), { image }), 'id')).rejects.toMatchObject({ code: 'SANDBOX_FAILED', message: expect.stringContaining('must have a /bin/sh') });
  });

  test('and can not get it says so', async () => {
    const image = (await registry()).replace('small', 'none');
    await expect(sandboxIn(workspace(), { image, pull: true }).prepare()).rejects.toMatchObject({ code: 'SANDBOX_IMAGE_MISSING', cause: { message: expect.stringContaining('manifest unknown') } });
  });
});

describeWith('docker', 'an engine behind a connection that breaks', () => {
  test('before the command is told: it is not run, and nobody takes it for one that has ended', async () => {
    const docker = await brokenEngine('begin');
    const root = workspace();
    await expect(sh(sandboxIn(root, { docker }), 'touch file')).rejects.toMatchObject({ code: 'SANDBOX_LOST', message: expect.stringContaining('The connection to the engine broke') });
    expect(readdirSync(root)).toEqual([]);
    expect(await containersOf(process.pid)).toEqual([]);
  });

  test('while the command runs: it is ended, and nobody knows what it has done', async () => {
    const { docker, breakUp } = await breakableEngine();
    const root = workspace();
    await expect(sh(sandboxIn(root, { docker }), 'echo begun; sleep 1; echo on > file; sleep 60', { onOutput: breakUp })).rejects.toMatchObject({ code: 'SANDBOX_LOST', message: expect.stringContaining('Nobody knows what the command has done') });
    expect(readdirSync(root)).toEqual([]);
    expect(await containersOf(process.pid)).toEqual([]);
  });

  test('when a container has been made: it is found by its name, and removed', async () => {
    const docker = await mutedEngine('POST /containers/create');
    const sandbox = sandboxIn(workspace(), { docker });
    await expect(sh(sandbox, 'id')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' });
    expect(await sandbox.close()).toEqual([]);
    expect(await containersOf(process.pid)).toEqual([]);
  });
});

describeWith('docker', 'an engine that DOCKER_HOST names', () => {
  describeWith('openssl', 'with certificates', () => {
    /** Anything made after this and told of no engine asks that one. */
    async function elsewhere(): Promise<TlsEngine> {
      testImage();
      const engine = await tlsEngine();
      onTestFinished(() => { vi.unstubAllEnvs(); });
      vi.stubEnv('DOCKER_HOST', engine.address);
      vi.stubEnv('DOCKER_TLS_VERIFY', '1');
      vi.stubEnv('DOCKER_CERT_PATH', engine.certificates);
      return engine;
    }

    test('runs commands, those in containers that wait as well', async () => {
      const here = new Docker();
      await elsewhere();
      const sandbox = sandboxIn(workspace(), { warm: 1 });
      await sandbox.prepare();
      await expect(sh(sandbox, 'echo one; echo two >&2; exit 3')).resolves.toMatchObject({ exitCode: 3, stdout: 'one\n', stderr: 'two\n' });
      await expect(sh(sandbox, 'echo begun; sleep 60', { timeoutMs: 3_000 })).resolves.toMatchObject({ endedBy: 'timeout', stdout: 'begun\n' });
      expect(await sandbox.close()).toEqual([]);
      expect(await containersOf(process.pid, here)).toEqual([]);
    });

    test('is asked by nobody whom it does not know, and only if it is the one that is meant', async () => {
      const { certificates } = await elsewhere();
      const strange = makeCertificates();
      vi.stubEnv('DOCKER_CERT_PATH', strange);
      await expect(sh(sandboxIn(workspace()), 'id')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE', message: expect.stringContaining('certificate') });
      copyFileSync(path.join(certificates, 'ca.pem'), path.join(strange, 'ca.pem'));
      await expect(sh(sandboxIn(workspace()), 'id')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' });
      vi.stubEnv('DOCKER_CERT_PATH', path.join(strange, 'none'));
      await expect(sh(sandboxIn(workspace()), 'id')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE', message: expect.stringContaining('ca.pem') });
    });
  });
});
