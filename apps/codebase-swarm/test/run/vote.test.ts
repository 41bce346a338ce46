import { defineTool, unchecked } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { isAccepted, reasonsAgainst } from '../../src/agents/verdict.js';
import { patchAsPlanned } from '../../src/agents/patching.js';
import type { Tools } from '../../src/tools/index.js';
import type { ReviewArguments, ReviewResult } from '../../src/tools/review.js';
import { output, runSwarm } from '../support/swarm.js';
import { tree } from '../support/tree.js';

const FOR = { objection: null };
const AGAINST = { objection: 'it is wrong' };
const FILES = { 'a.ts': '// TODO: a\nlet b = 1;\n', 'b.ts': '// TODO: b\n' };

describe('a patch is accepted', () => {
  test('by most of the jurors, if nobody is against', () => {
    expect(isAccepted({ reader: FOR, planner: FOR, patcher: FOR })).toBe(true);
    expect(isAccepted({ reader: FOR, patcher: FOR })).toBe(true);
    expect(isAccepted({ reader: FOR, planner: FOR, patcher: FOR, check: FOR })).toBe(true);
  });

  test('by nobody else', () => {
    for (const votes of [{}, { reader: FOR }, { reader: FOR, check: FOR }, { reader: FOR, planner: FOR, patcher: AGAINST }, { reader: FOR, planner: FOR, patcher: FOR, check: AGAINST }]) {
      expect(isAccepted(votes), JSON.stringify(votes)).toBe(false);
    }
  });

  test('or else there are reasons', () => {
    expect(reasonsAgainst({ reader: FOR, patcher: AGAINST })).toEqual(['patcher: it is wrong', 'planner: has not voted']);
  });
});

/** The same tools, but that a juror looks with this one. */
function lookingWith(name: 'comments' | 'lines' | 'program', run: (args: ReviewArguments) => ReviewResult): (tools: Tools) => Tools {
  return (tools) => ({ ...tools, [name]: defineTool({ name: tools[name].name, description: 'Looks.', input: unchecked<ReviewArguments>(), run }) });
}

describe('a juror', () => {
  test('that objects to a patch keeps that one out of what is written, and no other', async () => {
    const toolsOf = lookingWith('program', () => ({ problems: [{ path: 'a.ts', problem: 'it is ugly' }] }));
    const { out, report } = await runSwarm(tree(FILES), { toolsOf });
    expect(report.vote).toMatchObject({ accepted: 1, rejected: 1, edits: 1, against: [{ path: 'a.ts', reasons: ['patcher: it is ugly'] }] });
    expect(report.write.files).toBe(1);
    expect(output(out, 'changes.patch')).not.toContain('a.ts');
    expect(output(out, 'TODO.md')).toContain('a.ts:1');
  });

  test('that fails has no vote, and two of three are still a majority', async () => {
    const toolsOf = lookingWith('program', () => { throw new Error('no glasses'); });
    const { report, account } = await runSwarm(tree(FILES), { toolsOf });
    expect(report.vote).toMatchObject({ accepted: 2, rejected: 0 });
    expect(account.verdict.integrity).toBe('INTACT');
  });

  test('is not enough alone', async () => {
    const fail = (): never => { throw new Error('no glasses'); };
    const toolsOf = (tools: Tools): Tools => lookingWith('lines', fail)(lookingWith('program', fail)(tools));
    const { report } = await runSwarm(tree(FILES), { toolsOf });
    expect(report.vote).toMatchObject({ accepted: 0, rejected: 2 });
    expect(report.vote.against[0]?.reasons).toEqual(['planner: has not voted', 'patcher: has not voted']);
    expect(report.write.patchBytes).toBe(0);
  });
});

describe('a patcher that does something else than planned is found out:', () => {
  test.each([
    ['that a comment asks for something else', { line: 1, column: 10, from: 'a', to: 'b' }, 'reader: a comment that says "TODO a" now says "TODO b"'],
    ['that another line was changed', { line: 2, column: 9, from: '1', to: '2' }, 'planner: line 2 was changed, which nobody had planned'],
    ['that the program is another', { line: 2, column: 9, from: '1', to: '2' }, 'patcher: "1" has become "2"'],
    ['that it does not parse any more', { line: 2, column: 9, from: '1', to: '' }, 'patcher: it does not parse any more: Expression expected.'],
  ])('%s', async (_, edit, reason) => {
    const { report } = await runSwarm(tree(FILES), {
      parts: {
        patch: (ctx, tools, planned) => patchAsPlanned(ctx, tools, planned.map((file) => (file.path === 'a.ts' ? { ...file, edits: [...file.edits, edit] } : file))),
      },
    });
    expect(report.vote).toMatchObject({ accepted: 1, rejected: 1, against: [{ path: 'a.ts' }] });
    expect(report.vote.against[0]?.reasons).toContain(reason);
  });
});
