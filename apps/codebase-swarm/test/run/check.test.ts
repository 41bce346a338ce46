import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { output, runSwarm } from '../support/swarm.js';
import { fingerprint, tree } from '../support/tree.js';

/** Fails if some file of them is patched. */
const failsWith = (...names: readonly string[]): string => `! grep -lE 'TODO\\(#t' ${names.join(' ')}`;

const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}.ts`, `// TODO: number ${index}\n`]));

describe('a check', () => {
  test('that passes has a vote for every patch', async () => {
    const { out, report } = await runSwarm(tree(many(3)), { check: 'test "$(cat f*.ts | wc -l)" -eq 3' });
    expect(report.vote).toMatchObject({ accepted: 3, rejected: 0, check: { runs: 2, outcome: 'passed', printed: '' } });
    expect(report.write.files).toBe(3);
    expect(existsSync(path.join(out, 'check'))).toBe(false);
  });

  test('that fails with some of many patches rejects those and no others', async () => {
    const bad = ['f1.ts', 'f4.ts'];
    const { out, report } = await runSwarm(tree(many(6)), { check: failsWith(...bad) });
    const { accepted, rejected, against, check } = report.vote;
    expect({ accepted, rejected }).toEqual({ accepted: 4, rejected: 2 });
    expect(against.map(({ path: name }) => name).sort()).toEqual(bad);
    expect(against[0]?.reasons).toEqual([`check: ${failsWith(...bad)} fails with it`]);
    expect(check).toMatchObject({ outcome: 'failed', printed: expect.stringMatching(/^f[14]\.ts\n$/) });
    const patched = [...output(out, 'changes.patch').matchAll(/^--- a\/(\S+)/gm)].map(([, name]) => name);
    expect(patched).toHaveLength(4);
    for (const name of bad) expect(patched).not.toContain(name);
  });

  test('that fails with two patches together takes one of them', async () => {
    const { report } = await runSwarm(tree(many(2)), { check: "test \"$(grep -l 'TODO(#t' f*.ts | wc -l)\" -lt 2" });
    expect(report.vote).toMatchObject({ accepted: 1, rejected: 1, check: { outcome: 'failed' } });
  });

  test('that fails before anything is changed has no vote, and the report says so', async () => {
    const { report } = await runSwarm(tree(many(2)), { check: 'echo nothing is installed; exit 3' });
    expect(report.vote).toMatchObject({ accepted: 2, rejected: 0, check: { runs: 1, outcome: 'broken', printed: 'nothing is installed\n' } });
  });

  test('does not run if there is nothing to change', async () => {
    const { report } = await runSwarm(tree({ 'a.ts': 'x;\n' }), { check: 'exit 1' });
    expect(report.vote.check).toBeNull();
  });
});

describe('the copy in which a check runs', () => {
  test('is all that it can change by plain names', async () => {
    const source = tree({ 'a.ts': '// TODO: a\n', 'kept.txt': 'kept\n' });
    const before = fingerprint(source);
    const { report } = await runSwarm(source, { check: 'test -f kept.txt && rm -rf ./* && echo gone > a.ts' });
    // It was there again for the second run.
    expect(report.vote).toMatchObject({ accepted: 1, check: { runs: 2, outcome: 'passed' } });
    expect(fingerprint(source)).toBe(before);
  });

  test('has what git ignores, links that stay inside, and no results of runs', async () => {
    const source = tree({ 'a.ts': '// TODO: a\n', '.gitignore': 'deps\n', 'deps/x/run': '#!/bin/sh\necho run\n', '.omnipaw/runs/1/TODO.md': 'old\n' });
    symlinkSync('x', path.join(source, 'deps/relative'));
    symlinkSync(path.join(source, 'a.ts'), path.join(source, 'absolute'));
    symlinkSync('../none', path.join(source, 'dangling'));
    const { report } = await runSwarm(source, { check: 'sh deps/relative/run && echo changed > absolute && grep -q changed a.ts && test -L dangling && test ! -e .omnipaw' });
    expect(report.vote.check).toMatchObject({ outcome: 'passed' });
    expect(readFileSync(path.join(source, 'a.ts'), 'utf8')).toBe('// TODO: a\n');
  });

  test('keeps links to what is beside the code base', async () => {
    const place = tree({ 'lib/x.txt': 'beside\n', 'app/a.ts': '// TODO: a\n' });
    symlinkSync('../lib', path.join(place, 'app/lib'));
    const { report } = await runSwarm(path.join(place, 'app'), { check: 'grep beside lib/x.txt' });
    expect(report.vote.check).toMatchObject({ outcome: 'passed' });
  });

  test('can lie in the code base itself, which is not copied into itself', async () => {
    const source = tree({ 'src/a.ts': '// TODO: a\n' });
    const out = path.join(source, 'results/1');
    const { report } = await runSwarm(source, { check: 'test -f src/a.ts && test ! -e results/1' }, out);
    expect(report.vote.check).toMatchObject({ outcome: 'passed' });
    expect(readdirSync(out).sort()).toEqual(['.gitignore', 'TODO.md', 'changes.patch', 'log', 'workspace']);
  });

  test('is made of what can be copied', async () => {
    const source = tree({ 'a.ts': '// TODO: a\n' });
    mkdirSync(path.join(source, 'empty'));
    execFileSync('mkfifo', [path.join(source, 'pipe')]);
    const { report } = await runSwarm(source, { check: 'test -d empty && test ! -e pipe' });
    expect(report.vote.check).toMatchObject({ outcome: 'passed' });
  });
});
