import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { entriesOf, output, runSwarm } from '../support/swarm.js';
import { fingerprint, temporaryDirectory, tree } from '../support/tree.js';

const MARKED = '// TODO: one\n';

describe('a directory that is no repository', () => {
  test('gets a patch and a register without ages and authors', async () => {
    const source = tree({
      'src/a.ts': 'export const a = 1;\n// TODO make it two\n',
      'src/b.py': 'x = "# TODO: no"\n',
      'node_modules/x/index.js': MARKED,
      'dist/a.js': MARKED,
      'picture.png': new Uint8Array([1, 0, 2]),
    });
    const before = fingerprint(source);
    const { out, report, account } = await runSwarm(source);
    expect(report.read).toMatchObject({ findings: 1, filesRead: 2, otherFiles: 1, languages: { TypeScript: 1, Python: 1 } });
    expect(report.read.withoutGit).not.toBeNull();
    expect(output(out, 'changes.patch')).toMatch(/^-\/\/ TODO make it two\n\+\/\/ TODO\(#t[0-9a-f]{7}\): make it two$/m);
    expect(output(out, 'TODO.md')).toContain('make it two');
    // The root, planner, chair, three jurors and writer; and two swarms of three, with who coordinates them.
    expect(account).toMatchObject({ agents: 7 + 2 * 4, denials: 0, verdict: { integrity: 'INTACT', completeness: 'COMPLETE' } });
    expect(fingerprint(source)).toBe(before);
  });

  test.skipIf(spawnSync('patch', ['--version']).status !== 0)('takes the patch from the program `patch`, too', async () => {
    const source = tree({ 'a b.ts': MARKED, 'c.ts': 'x\r\n// FIXME y' });
    const { out } = await runSwarm(source);
    expect(spawnSync('patch', ['-p1', '-d', source, '-i', path.join(out, 'changes.patch')]).status).toBe(0);
    expect(readFileSync(path.join(source, 'a b.ts'))).toEqual(readFileSync(path.join(out, 'workspace/a b.ts')));
    expect(readFileSync(path.join(source, 'c.ts'))).toEqual(readFileSync(path.join(out, 'workspace/c.ts')));
  });

  test('that is empty is said to be empty', async () => {
    const { out, report, account } = await runSwarm(temporaryDirectory());
    expect(report).toMatchObject({ read: { filesRead: 0, findings: 0 }, plan: { items: 0 }, vote: { accepted: 0, rejected: 0 }, write: { patchBytes: 0 } });
    expect(output(out, 'TODO.md')).toContain('no TODO, FIXME, HACK or XXX comment');
    expect(existsSync(path.join(out, 'changes.patch'))).toBe(false);
    expect(account.verdict.integrity).toBe('INTACT');
  });

  test('is read with all that is strange in it, and nothing outside of it', async () => {
    const outside = tree({ 'secret.ts': '// TODO: stolen\n' });
    const source = tree({
      'large.ts': `// TODO: large\n${'x'.repeat(1024 * 1024)}`,
      'latin1.ts': Buffer.from('// TODO: caf\u00e9\n', 'latin1'),
      'binary.ts': '// TODO: binary\n\0',
      'utf16.ts': Buffer.from('\ufeff// TODO: utf16\n', 'utf16le'),
      'bin/tool': '#!/bin/sh\n# TODO: shell\n',
      LICENSE: 'TODO: text\n',
      'app.min.js': MARKED,
    });
    symlinkSync(path.join(outside, 'secret.ts'), path.join(source, 'link.ts'));
    symlinkSync(outside, path.join(source, 'linked'));
    spawnSync('mkfifo', [path.join(source, 'pipe.ts')]);
    mkdirSync(path.join(source, 'folder.ts'));
    const { out, report } = await runSwarm(source);
    expect(report.read.skipped).toEqual({ 'larger than 1048576 bytes': 1, 'not UTF-8': 1, binary: 2 });
    expect(report.read).toMatchObject({ findings: 1, filesRead: 1, otherFiles: 2 });
    expect(output(out, 'TODO.md')).toContain('shell');
    expect(output(out, 'TODO.md')).not.toContain('stolen');
  });

  test('keeps byte order marks, line ends and the lack of a last one', async () => {
    const contents = { 'a.ts': '\ufeff// TODO: a\r\nx;\r\n', 'b.ts': 'x;\n// TODO: b', 'c.ts': '// TODO: c\rold mac\r' };
    const { out } = await runSwarm(tree(contents));
    for (const [name, before] of Object.entries(contents)) {
      const after = output(out, `workspace/${name}`);
      expect(after.replace(/\(#t\w{7}\)/, '')).toBe(before);
      expect(after).not.toBe(before);
    }
  });

  test('with more markers than one page or one result can hold is read to the end', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 2_100 }, (_, index) => [`d${index % 7}/f${index}.ts`, `// TODO: number ${index} ${'long '.repeat(20)}\n`.repeat(index % 500 === 0 ? 450 : index % 50 === 7 ? 1 : 0)]),
    );
    const { out, report } = await runSwarm(tree(files));
    expect(report.read).toMatchObject({ filesRead: 2_100, omitted: 250, findings: 42 + 5 * 400 });
    expect(report.plan.items).toBe(report.read.findings);
    expect(report.patch).toMatchObject({ files: 47, leftOut: [], stale: 0 });
    expect(report.vote).toMatchObject({ accepted: 47, rejected: 0, edits: report.read.findings });
    expect(output(out, 'TODO.md').split('\n').filter((line) => line.startsWith('| `#t'))).toHaveLength(report.read.findings);
    expect(new Set(output(out, 'TODO.md').match(/#t[0-9a-f]{7}/g)).size).toBe(report.read.findings);
  });
});

describe('the log of a run', () => {
  test('holds what was found, and no file as a whole', async () => {
    const code = Array.from({ length: 300 }, (_, index) => `const line${index} = 'code that is nobody\\'s business';`).join('\n');
    const { out, account } = await runSwarm(tree({ 'a.ts': `${code}\n// TODO: the only words\n${code}\n` }));
    const log = readFileSync(path.join(out, 'log', '0000000000000000.jsonl'), 'utf8');
    expect(log).toContain('the only words');
    expect(log).not.toContain('business');
    expect(account.logBytes).toBe(Buffer.byteLength(log));
  });

  test('counts what is in it', async () => {
    const { out, account } = await runSwarm(tree({ 'a.ts': MARKED }));
    const entries = await entriesOf(out);
    expect(account.verdict.entries).toBe(entries.length);
    expect(account.toolCalls).toBe(entries.filter(({ kind }) => kind === 'TOOL_CALLED').length);
    // list, scan, edit, a look of each juror, diff, register: one call each.
    expect(account.toolCalls).toBe(8);
  });
});

describe('how many agents there are', () => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`d${index % 3}/f${index}.ts`, `// TODO: number ${index}\nimport x from 'x';\nlet a = typeof a == 'b';\n`]));

  test('makes no difference to what comes of it', async () => {
    const source = tree(files);
    const [one, eight] = [await runSwarm(source, { agents: 1 }), await runSwarm(source, { agents: 8 })];
    expect(one.report.vote).toMatchObject({ accepted: 60, edits: 60, fixes: { 'unused-import': 60, equality: 60 } });
    expect(eight.report).toEqual({ ...one.report, plan: { ...one.report.plan, now: eight.report.plan.now } });
    for (const name of ['changes.patch', 'TODO.md']) expect(output(eight.out, name)).toBe(output(one.out, name));
    expect(eight.account.agents - one.account.agents).toBe(2 * 7);
  });

  test('is how many share the work', async () => {
    const { out } = await runSwarm(tree(files), { agents: 3 });
    const calls = (await entriesOf(out)).flatMap(({ kind, agent, data }) => (kind === 'TOOL_CALLED' ? [{ agent, tool: data.tool }] : []));
    for (const tool of ['code.scan', 'workspace.edit']) expect(new Set(calls.filter((call) => call.tool === tool).map(({ agent }) => agent)).size, tool).toBeGreaterThan(1);
  });
});

test('without fixes, nothing but comments is changed', async () => {
  const source = tree({ 'a.ts': "// TODO: a\nimport x from 'x';\n", 'b.ts': "import x from 'x';\n" });
  const { out, report } = await runSwarm(source, { fix: false });
  expect(report).toMatchObject({ read: { fixable: { 'unused-import': 2 } }, plan: { fixes: 0 }, vote: { accepted: 1, edits: 1, fixes: {} } });
  expect(output(out, 'changes.patch').split('\n').filter((line) => /^[-+]\w/.test(line))).toEqual([]);
});

describe('a second run', () => {
  test('on the same tree gives the same patch and the same register', async () => {
    const source = tree({ 'a.ts': MARKED.repeat(3), 'b.py': '# FIXME: two\n' });
    const [first, second] = [await runSwarm(source), await runSwarm(source)];
    for (const name of ['changes.patch', 'TODO.md']) expect(output(second.out, name)).toBe(output(first.out, name));
  });

  test('on the patched tree finds the same ids and has nothing left to do', async () => {
    const first = await runSwarm(tree({ 'a.ts': MARKED.repeat(3), 'b.py': '# FIXME two\n' }));
    const second = await runSwarm(path.join(first.out, 'workspace'));
    expect(second.report.plan).toMatchObject({ items: 4, edits: 0 });
    expect(second.report.write.patchBytes).toBe(0);
    const ids = (out: string): string[] => output(out, 'TODO.md').match(/#t[0-9a-f]{7}/g)!.sort();
    expect(ids(second.out)).toEqual(ids(first.out));
  });
});
