import { get } from 'node:http';
import path from 'node:path';
import { expect, test } from 'vitest';
import { omnipaw, start, temporaryFolder } from './command.js';
import { storedText, teamLog } from './logs.js';

function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => { resolve(response.resume().statusCode ?? 0); }).on('error', reject);
  });
}

test('a log is served until Ctrl-C, and not changed', async () => {
  const { log } = await teamLog();
  const stored = storedText(log);
  const running = start(['dashboard', '--log', log, '--port', '0']);
  await running.stderr.until((text) => text.includes('\n'));
  const [url = ''] = running.stdout.lines;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/);
  expect(running.stderr.text).toContain('which is only read');
  expect(await statusOf(url)).toBe(200);
  running.signals.emit('SIGINT');
  expect(await running.done).toBe(0);
  expect(storedText(log)).toBe(stored);
  await expect(statusOf(url)).rejects.toThrow('ECONNREFUSED');
});

test('scripts get the address as JSON, with the token that the environment has set', async () => {
  const { log } = await teamLog();
  const running = start(['dashboard', '--log', log, '--json'], { env: { DASHBOARD_PORT: '0', DASHBOARD_TOKEN: 'a-token-of-the-environment' } });
  await running.stdout.until((text) => text.includes('\n'));
  expect(JSON.parse(running.stdout.text)).toEqual({ url: expect.stringMatching(/:\d+\/#a-token-of-the-environment$/), log });
  running.signals.emit('SIGTERM');
  expect(await running.done).toBe(0);
});

test('other machines get in with a token of your own, or not at all', async () => {
  const { log } = await teamLog();
  const { code, stderr } = await omnipaw(['dashboard', '--log', log, '--host', '0.0.0.0', '--port', '0']);
  expect(code).toBe(2);
  expect(stderr).toContain('DASHBOARD_TOKEN');
});

test('what is no log, and half of TLS, is a wrong call', async () => {
  const { log } = await teamLog();
  expect(await omnipaw(['dashboard', '--log', path.join(temporaryFolder(), 'nothing')])).toMatchObject({ code: 2, stdout: '' });
  expect(await omnipaw(['dashboard', '--log', log, '--tls-cert', 'cert.pem'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--tls-key') as unknown });
});
