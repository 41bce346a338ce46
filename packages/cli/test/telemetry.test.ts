import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { FileLogReader, readEntries } from '@omnipaw/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { omnipaw, program, temporaryFolder } from './command.js';

/** Answers the paths that it was asked for, and the names of spans that came as JSON. */
async function collector(): Promise<{ readonly url: string; readonly paths: Set<string>; readonly spans: string[] }> {
  const [paths, spans] = [new Set<string>(), [] as string[]];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      paths.add(request.url!);
      spans.push(...[...Buffer.concat(chunks).toString('utf8').matchAll(/"name":"((?:invoke_agent|tick|execute_tool) [\w-]+)"/g)].map(([, name]) => name!));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths, spans };
}

const greet = (log: string) => ['run', program('greeter.ts'), '--input', '"Ada"', '--grant', 'call:greet', '--log', log];

test('a run exports what the environment asks for, and its log does not show it', async () => {
  const { url, paths, spans } = await collector();
  const log = path.join(temporaryFolder(), 'log');
  expect(await omnipaw(greet(log), { env: { OTEL_EXPORTER_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' } })).toMatchObject({ code: 0, stdout: 'Hello Ada, good morning!\n' });
  expect([...paths].sort()).toEqual(['/v1/logs', '/v1/metrics', '/v1/traces']);
  expect(spans.sort()).toEqual(['execute_tool greet', 'invoke_agent greeter', 'tick greeter', 'tick greeter']);
  for await (const { data } of readEntries(new FileLogReader(log))) {
    expect(data['extensions']).toEqual({});
    break;
  }
  expect(await omnipaw(['replay', program('greeter.ts'), '--log', log])).toMatchObject({ code: 0, stdout: expect.not.stringContaining('otel') as unknown });
});

test('a run whose collector is gone is told of that, and is otherwise as it would be', async () => {
  const log = path.join(temporaryFolder(), 'log');
  const { code, stdout } = await omnipaw(greet(log), { env: { OTEL_EXPORTER_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '100' } });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Hello Ada, good morning!\n' });
});
