import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { environmentOptions } from '@omnipaw/dashboard';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'));
});

describe('options of the environment', () => {
  it('are none where nothing is set', () => {
    expect(environmentOptions(directory, { DASHBOARD_PORT: '' })).toEqual({});
  });

  it('are read from a .env file, and the process goes before it', () => {
    writeFileSync(path.join(directory, '.env'), '# here\nDASHBOARD_PORT=9191 # not the usual one\nexport DASHBOARD_TOKEN="a-token-of-the-file-1"\nDASHBOARD_ALLOWED_HOSTS=a.example, b.example:81\nOTHER=1\nDASHBOARD_HOST=\n');
    expect(environmentOptions(directory, {})).toEqual({ port: 9191, token: 'a-token-of-the-file-1', allowedHosts: ['a.example', 'b.example:81'] });
    expect(environmentOptions(directory, { DASHBOARD_PORT: '1', DASHBOARD_WRITE_TOKEN: 'w' })).toMatchObject({ port: 1, writeToken: 'w', token: 'a-token-of-the-file-1' });
  });

  it('have certificate and key by their files, from the directory on, and both', () => {
    writeFileSync(path.join(directory, 'cert.pem'), 'cert');
    writeFileSync(path.join(directory, 'key.pem'), 'key');
    expect(environmentOptions(directory, { DASHBOARD_TLS_CERT: 'cert.pem', DASHBOARD_TLS_KEY: 'key.pem' })).toEqual({ tls: { cert: Buffer.from('cert'), key: Buffer.from('key') } });
    expect(() => environmentOptions(directory, { DASHBOARD_TLS_CERT: 'cert.pem' })).toThrow('both');
  });

  it('that make no sense are refused', () => {
    expect(() => environmentOptions(directory, { DASHBOARD_PORT: 'ninety' })).toThrow(TypeError);
  });
});
