import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect as connectSocket, type AddressInfo } from 'node:net';
import path from 'node:path';
import { fetchTool } from '@omnipaw/host';
import { expect, onTestFinished, test, vi } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import { call } from '../support/call.js';
import { temporaryDirectory } from '../support/workspace.js';

describeWith('openssl', 'host.net.fetch over https', () => {
  test.each([undefined, '0'])('believes no server whose certificate nobody vouches for, whatever the environment says: %s', async (rejectUnauthorized) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', rejectUnauthorized);
    onTestFinished(() => void vi.unstubAllEnvs());
    const directory = temporaryDirectory();
    const [key, cert] = [path.join(directory, 'key.pem'), path.join(directory, 'cert.pem')];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=one.example', '-addext', 'subjectAltName=DNS:one.example']);
    expect(made.status).toBe(0);
    let asked = 0;
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => {
      asked++;
      response.end();
    }).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => undefined);
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const tool = fetchTool('fetch', {
      allow: [{ host: 'one.example', addresses: ['127.0.0.0/8'] }],
      resolve: async () => ['127.0.0.1'],
      connect: (host) => connectSocket({ host, port: (server.address() as AddressInfo).port }),
    });
    await expect(call(tool, { url: 'https://one.example/' })).rejects.toThrow('self-signed certificate');
    expect(asked).toBe(0);
  });
});
