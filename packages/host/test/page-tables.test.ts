/** What the page says of arguments and results is what the tools take and give. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { hostTools, type HostTools } from '@omnipaw/host';
import { expect, onTestFinished, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { placesOf } from '../src/schemas/options.js';
import { call } from './support/call.js';
import { section } from './support/page.js';
import { temporaryDirectory, tree } from './support/workspace.js';

interface Row {
  readonly tool: string;
  readonly name: string;
  readonly isOptional: boolean;
  /** What stands in code in the rest of the row. */
  readonly words: ReadonlySet<string>;
}

function rowsOf(heading: string): readonly Row[] {
  const text = section('Arguments and results').split(/^### /m).find((part) => part.startsWith(`${heading}\n`))!;
  let last = '';
  return [...text.matchAll(/^\|(?: `(host\.[\w.]+)`)? \| (?:`(\w+)(\??)`)? ?\| (.*) \|$/gm)].flatMap(([, tool, name, optional, rest]) => {
    last = tool ?? last;
    return name === undefined ? [] : [{ tool: last, name, isOptional: optional === '?', words: new Set([...rest!.matchAll(/`(\w+)`/g)].map((word) => word[1]!)) }];
  });
}

test('the page has a row for every argument of every tool, and no other, and says which may be left out', () => {
  const rows = rowsOf('Arguments');
  const host = hostTools({ root: temporaryDirectory() });
  const taken = host.all.flatMap(({ name, input }) => {
    const { issues = [] } = input['~standard'].validate({}) as { readonly issues?: readonly { readonly path: readonly { readonly key: string }[] }[] };
    const needed = new Set(issues.map((issue) => issue.path[0]!.key));
    return placesOf(input).filter((place) => !place.includes('.')).map((place) => `${name} ${place}${needed.has(place) ? '' : '?'}`);
  });
  expect(rows.map(({ tool, name, isOptional }) => `${tool} ${name}${isOptional ? '?' : ''}`)).toEqual(taken);
  const inner = host.all.flatMap(({ name, input }) => placesOf(input).filter((place) => place.includes('.')).map((place) => ({ tool: name, place })));
  expect(inner.map(({ place }) => place)).toEqual(['author.name', 'author.email']);
  for (const { tool, place } of inner) {
    const [outer, word] = place.split('.') as [string, string];
    expect(rows.find((row) => row.tool === tool && row.name === outer)!.words).toContain(word);
  }
});

describeWith('git', 'the page', () => {
  test.skipIf(process.platform === 'win32')('has a row for everything that a result has, and names what is in it', async () => {
    const rows = rowsOf('Results');
    const results = await resultsOf(await machine());
    expect([...results.keys()]).toEqual([...new Set(rows.map(({ tool }) => tool))]);
    for (const [tool, result] of results) {
      const told = rows.filter((row) => row.tool === tool);
      expect(told.map(({ name }) => name).sort(), tool).toEqual(Object.keys(result).sort());
      for (const { name, words } of told) {
        // Named by whoever answers.
        if (tool !== 'host.net.fetch') for (const key of keysIn(result[name])) expect(words, `${tool} ${name}`).toContain(key);
      }
    }
  });
});

/** The names in a value: of an object, or of what a list has. */
function keysIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap(keysIn))];
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

/** Tools for a repository in which something is found, changed, and too long, and for a server of this test. */
async function machine(): Promise<HostTools> {
  const root = tree({ 'a.txt': 'one\n', 'long.txt': 'one\n', 'odd\nname': '' });
  const git = (...args: readonly string[]): unknown => spawnSync('git', ['-C', root, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args]);
  git('init', '--quiet');
  git('add', 'a.txt', 'long.txt');
  git('commit', '--quiet', '--message=first');
  writeFileSync(path.join(root, 'long.txt'), 'x\n'.repeat(300_000));
  appendFileSync(path.join(root, 'a.txt'), 'two\n');
  const server = createServer((_, response) => response.writeHead(200, { etag: '"1"' }).end('here')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return hostTools({
    root,
    net: { allow: [{ host: 'one.example', addresses: ['127.0.0.0/8'] }], resolve: async () => ['127.0.0.1'], connect: (host) => connect({ host, port }) },
  });
}

/** One call of each tool, in their order. */
async function resultsOf({ all, fs, system, net, git }: HostTools): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const results = [
    await call(fs.readFile, { path: 'a.txt' }),
    await call(fs.writeFile, { path: 'b.txt', content: 'b\n' }),
    await call(fs.listDir, { path: '.' }),
    await call(fs.stat, { path: 'a.txt' }),
    await call(fs.search, { path: '.', query: 'two' }),
    await call(fs.applyPatch, { patch: '--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-b\n+c\n' }),
    await call(fs.delete, { path: 'b.txt' }),
    await call(system.bash, { command: 'head -c 100000 /dev/zero' }),
    await call(net.fetch, { url: 'http://one.example/' }),
    await call(git.status, {}),
    await call(git.diff, {}),
    await call(git.log, {}),
    await call(git.blame, { path: 'a.txt', lines: [1] }),
    await call(git.commit, { message: 'second', paths: ['a.txt'], author: { name: 'Ada', email: 'ada@example.com' } }),
  ];
  return new Map(all.map(({ name }, index) => [name, results[index] as unknown as Readonly<Record<string, unknown>>]));
}
