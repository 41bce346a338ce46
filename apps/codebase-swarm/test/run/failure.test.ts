import path from 'node:path';
import type { OmniError } from '@omnipaw/kernel';
import { expect, test } from 'vitest';
import { accountOf } from '../../src/run/account.js';
import { prepareDirectories } from '../../src/run/directories.js';
import { exitCodeOf, summarise, type RunOutcome } from '../../src/run/summary.js';
import { startSwarm } from '../../src/run/swarm.js';
import { reportText } from '../../src/terminal/report.js';
import { styleFor } from '../../src/terminal/style.js';
import { runSwarm } from '../support/swarm.js';
import { temporaryDirectory, tree } from '../support/tree.js';

test('a planner that fails ends the run with its reason, and the log has it', async () => {
  const directories = await prepareDirectories(tree({ 'a.ts': '' }), path.join(temporaryDirectory(), 'out'), new Date());
  const swarm = await startSwarm(directories, {
    parts: {
       
      *plan() {
        throw new Error('the disk\u0007 is on fire');
      },
    },
  });
  const failure = await swarm.result.catch((error: unknown) => error as OmniError);
  await swarm.stop();
  expect(failure).toMatchObject({ code: 'DELEGATION_FAILED' });

  const { code, message } = failure as OmniError;
  const ending: RunOutcome = { outcome: 'failed', error: { code, message } };
  const account = await accountOf(path.join(directories.output.root, 'log'), swarm.head());
  expect(account.verdict).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
  expect(exitCodeOf(ending, account)).toBe(1);
  const summary = summarise({ directories, ending, account, elapsedMs: 1 });
  expect(summary).toMatchObject({ outcome: 'failed', error: { code }, patch: null, register: null, report: null });
  expect(reportText(summary, styleFor({ isTTY: false }, {}))).toMatch(/^\nFailed: .*the disk\\u\{7\} is on fire\n/);
});

test('a piece of the tree that no reader gets through, however often it is tried, ends the run', async () => {
  const directories = await prepareDirectories(tree({ 'a.ts': '' }), path.join(temporaryDirectory(), 'out'), new Date());
  let tries = 0;
  const swarm = await startSwarm(directories, {
    toolsOf: (tools) => ({ ...tools, scan: { ...tools.scan, run: () => { tries++; throw new TypeError('no such thing'); } } }),
  });
  const failure = await swarm.result.catch((error: unknown) => error as OmniError);
  await swarm.stop();
  expect(failure).toMatchObject({ code: 'DELEGATION_FAILED', message: expect.stringContaining('no such thing') });
  expect(tries).toBe(3);
});

test('one that gets through at the second try ends nothing', async () => {
  let tries = 0;
  const { report } = await runSwarm(tree({ 'a.ts': '// TODO: a\n' }), {
    toolsOf: (tools) => ({
      ...tools,
      scan: { ...tools.scan, run: (args, context) => { if (tries++ === 0) throw new TypeError('hiccup'); return tools.scan.run(args, context); } },
    }),
  });
  expect(report).toMatchObject({ read: { findings: 1 }, vote: { accepted: 1 } });
  expect(tries).toBe(2);
});

test('a log that does not verify is a failure, however the run went', async () => {
  const directories = await prepareDirectories(tree({ 'a.ts': '' }), path.join(temporaryDirectory(), 'out'), new Date());
  const swarm = await startSwarm(directories);
  const report = await swarm.result;
  await swarm.stop();
  const account = await accountOf(path.join(directories.output.root, 'log'), { ...swarm.head(), hash: 'f'.repeat(64) });
  expect(account.verdict.completeness).toBe('INCOMPLETE');
  expect(exitCodeOf({ outcome: 'completed', report }, account)).toBe(1);
});
