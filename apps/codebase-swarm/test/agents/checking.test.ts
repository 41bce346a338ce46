import { OmniError, type AgentContext } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { Check, type Checked } from '../../src/agents/checking.js';
import type { Tools } from '../../src/tools/index.js';

type Asked = { readonly copy: readonly string[] } | 'check';

/** Lets a check judge patches; `fails` says of a set of them whether the command fails with it. */
function judge(paths: readonly string[], fails: (changed: ReadonlySet<string>, run: number) => boolean): Checked {
  const ctx = {
    *tool(tool: string, { changed }: { readonly changed?: readonly string[] }): Generator<Asked, unknown> {
      return yield tool === 'copy' ? { copy: changed! } : 'check';
    },
  };
  const steps = new Check(ctx as unknown as AgentContext, { copy: 'copy', check: 'check' } as unknown as Tools, 'npm test').judge(paths) as unknown as Generator<Asked, Checked>;
  let [changed, run] = [new Set<string>(), 0];
  let step = steps.next();
  while (step.done !== true) {
    if (step.value !== 'check') {
      changed = new Set(step.value.copy);
      step = (steps.next as (answer: unknown) => typeof step)(null);
      continue;
    }
    try {
      const exitCode = fails(changed, ++run) ? 1 : 0;
      step = (steps.next as (answer: unknown) => typeof step)({ exitCode, endedBy: 'exit', stdout: `run ${run}`, stderr: '' });
    } catch (thrown) {
      step = steps.throw(thrown);
    }
  }
  return step.value;
}

const paths = Array.from({ length: 1_000 }, (_, index) => `f${index}`);
const rejected = ({ votes }: Checked): string[] => [...votes].filter(([, { objection }]) => objection !== null).map(([path]) => path);

describe('among a thousand patches', () => {
  test('all are good if the check passes with all', () => {
    const checked = judge(paths, () => false);
    expect(rejected(checked)).toEqual([]);
    expect(checked.report).toEqual({ command: 'npm test', runs: 2, outcome: 'passed', printed: '' });
  });

  test('a bad one is found, and no other rejected', () => {
    const checked = judge(paths, (changed) => changed.has('f617'));
    expect(rejected(checked)).toEqual(['f617']);
    expect(checked.votes.get('f617')).toEqual({ objection: 'npm test fails with it' });
    expect(checked.report.runs).toBeLessThan(30);
  });

  test('of two that are bad together one is taken, and what is taken has passed as a whole', () => {
    let last: ReadonlySet<string> = new Set();
    const isBad = (changed: ReadonlySet<string>): boolean => changed.has('f1') && changed.has('f999');
    const checked = judge(paths, (changed) => {
      if (!isBad(changed)) last = changed;
      return isBad(changed);
    });
    expect(rejected(checked)).toEqual(['f999']);
    expect([...checked.votes].filter(([, { objection }]) => objection === null).map(([path]) => path).sort()).toEqual([...last].sort());
  });

  test('those that there is no run left for are not taken', () => {
    const checked = judge(paths, (changed) => changed.size > 0);
    expect(checked.report).toMatchObject({ runs: 40, outcome: 'failed' });
    expect(rejected(checked)).toHaveLength(1_000);
    expect(checked.votes.get('f999')).toEqual({ objection: 'nobody knows whether npm test passes with it' });
  });
});

describe('a check that can not be run', () => {
  const full = (): never => { throw new OmniError('COMMAND_NOT_STARTED', 'no memory'); };

  test('at all has no vote', () => {
    const checked = judge(paths, full);
    expect(checked).toMatchObject({ report: { runs: 1, outcome: 'broken', printed: 'COMMAND_NOT_STARTED: no memory' } });
    expect(checked.votes.size).toBe(0);
  });

  test('any more takes nothing that it has not passed with', () => {
    const checked = judge(paths, (changed, run) => (run < 4 ? changed.size > 500 : full()));
    expect(rejected(checked)).toEqual(paths.slice(500));
    expect(checked.votes.get('f999')).toEqual({ objection: 'nobody knows whether npm test passes with it' });
  });
});

