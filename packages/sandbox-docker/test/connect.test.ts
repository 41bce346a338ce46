/** Which engine is meant. */
import { DockerSandbox } from '@omnipaw/sandbox-docker';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { workspace } from './support/sandbox.js';

beforeEach(() => { for (const name of ['DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH']) vi.stubEnv(name, undefined); });
afterEach(() => { vi.unstubAllEnvs(); });

async function refusal(variables: Readonly<Record<string, string>>): Promise<unknown> {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return new DockerSandbox({ root: workspace(), image: 'example/image:1' }).prepare().catch((thrown: unknown) => thrown);
}

test('an engine by ssh is refused, since nobody would look whose key it has; the socket can be forwarded', async () => {
  expect(await refusal({ DOCKER_HOST: 'ssh://ada@far.example:2222' })).toMatchObject({ code: 'SANDBOX_REFUSED', message: expect.stringContaining('ssh -N -L /tmp/engine.sock:/var/run/docker.sock ssh://ada@far.example:2222') });
});

test.each([
  ['/run/docker.sock', 'Is it unix:///run/docker.sock?'],
  ['foo://bar', 'DOCKER_HOST is "foo://bar", which names no engine.'],
  ['https://bar', 'It is unix:///path/of/the/socket, or tcp://host:port'],
  ['bar', 'which names no engine'],
])('%s is no engine, which is said before anything is asked', async (address, message) => {
  expect(await refusal({ DOCKER_HOST: address })).toMatchObject({ code: 'SANDBOX_REFUSED', details: { address }, message: expect.stringContaining(message) });
});

test('a wish for certificates that would not be heeded is refused', async () => {
  expect(await refusal({ DOCKER_HOST: 'tcp://127.0.0.1:1', DOCKER_TLS_VERIFY: 'true' })).toMatchObject({ code: 'SANDBOX_REFUSED', message: expect.stringContaining('DOCKER_TLS_VERIFY is "true"') });
});

test.each(['tcp://127.0.0.1:1', '127.0.0.1:1', 'unix:///none.sock'])('where no engine answers is told: %s', async (address) => {
  expect(await refusal({ DOCKER_HOST: address })).toMatchObject({ code: 'SANDBOX_UNREACHABLE', message: expect.stringContaining(`DOCKER_HOST is ${address}`) });
});
