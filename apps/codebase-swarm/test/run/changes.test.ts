import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Entry } from '@omnipaw/kernel';
import { expect, test } from 'vitest';
import { output, runSwarm } from '../support/swarm.js';
import { tree } from '../support/tree.js';

/** Does something the moment a tool is called for the first time, which is before it runs. */
function before(tool: string, act: () => void): (entry: Entry) => void {
  let isDone = false;
  return (entry) => {
    if (isDone || entry.kind !== 'TOOL_CALLED' || entry.data.tool !== tool) return;
    isDone = true;
    act();
  };
}

const FILES = { 'a.ts': '// TODO: a\n', 'b.ts': '// TODO: b\n// TODO: c\n' };

test('a comment that changes before it is copied stays as it is', async () => {
  const source = tree(FILES);
  const watch = before('workspace.edit', () => { writeFileSync(path.join(source, 'b.ts'), '// DONE: b\n// TODO: c\n'); });
  const { out, report } = await runSwarm(source, { watch });
  expect(report.patch).toMatchObject({ files: 2, stale: 1, leftOut: [] });
  expect(report.vote).toMatchObject({ accepted: 2, edits: 2 });
  expect(output(out, 'workspace/b.ts')).toMatch(/^\/\/ DONE: b\n\/\/ TODO\(#t\w{7}\): c\n$/);
});

test('a file that changes after it was copied is left out: the patch would take the change back', async () => {
  const source = tree(FILES);
  const watch = before('workspace.diff', () => { writeFileSync(path.join(source, 'a.ts'), '// TODO: a\nnew work;\n'); });
  const { out, report } = await runSwarm(source, { watch });
  expect(report.vote.accepted).toBe(2);
  expect(report.write).toMatchObject({ files: 1, leftOut: ['a.ts'] });
  expect(output(out, 'changes.patch')).not.toContain('a/a.ts');
});

test('a file that changes before the vote is voted against, since nobody can tell what was changed', async () => {
  const source = tree(FILES);
  const watch = before('review.lines', () => { writeFileSync(path.join(source, 'a.ts'), '// TODO: a\nnew work;\n'); });
  const { out, report } = await runSwarm(source, { watch });
  expect(report.vote).toMatchObject({ accepted: 1, rejected: 1, against: [{ path: 'a.ts', reasons: expect.arrayContaining(['planner: the source was changed meanwhile']) }] });
  expect(output(out, 'changes.patch')).not.toContain('a/a.ts');
});

test('files that disappear meanwhile are told and harm nobody', async () => {
  const source = tree(FILES);
  const beforeScan = before('code.scan', () => { rmSync(path.join(source, 'a.ts')); });
  const beforeEdit = before('workspace.edit', () => { rmSync(path.join(source, 'b.ts')); });
  const { report, account } = await runSwarm(source, { watch: (entry) => { beforeScan(entry); beforeEdit(entry); } });
  expect(report.read.skipped).toEqual({ 'nothing there': 1 });
  expect(report.patch).toMatchObject({ files: 0, leftOut: ['b.ts'] });
  expect(account.verdict.integrity).toBe('INTACT');
});
