import { defineAgent, FileLogReader, replay, type OmniError } from '@omnipaw/kernel';
import { quota } from '@omnipaw/quota';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { BUDGETS, type Budgets } from '../../src/agents/budgets.js';
import { createAgents } from '../../src/agents/coordinator.js';
import type { ReadReport } from '../../src/agents/reader.js';
import { accountOf, type Account } from '../../src/run/account.js';
import { prepareDirectories } from '../../src/run/directories.js';
import { exitCodeOf, summarise, type RunOutcome } from '../../src/run/summary.js';
import { startSwarm, type SwarmOptions } from '../../src/run/swarm.js';
import { ledgerLines } from '../../src/terminal/ledger.js';
import { reportText } from '../../src/terminal/report.js';
import { styleFor } from '../../src/terminal/style.js';
import { createTools } from '../../src/tools/index.js';
import { entriesOf, runSwarm } from '../support/swarm.js';
import { fingerprint, temporaryDirectory, tree } from '../support/tree.js';

const FILES = { 'a.ts': '// TODO: a\n', 'b.ts': '// TODO: b\n' };
const PLAIN = styleFor({ isTTY: false }, {});

interface Ended {
  readonly error: OmniError;
  readonly account: Account;
  readonly out: string;
  readonly text: string;
  readonly code: number;
}

/** A run that meets a limit, as the program ends it. */
async function endedBy(source: string, options: SwarmOptions): Promise<Ended> {
  const out = path.join(temporaryDirectory(), 'out');
  const directories = await prepareDirectories(source, out, new Date());
  const swarm = await startSwarm(directories, options);
  const error = await swarm.result.then(() => { throw new Error('It was done.'); }, (thrown: unknown) => thrown as OmniError);
  await swarm.stop();
  const account = await accountOf(path.join(out, 'log'), swarm.head());
  const ending: RunOutcome = { outcome: 'failed', error };
  return { error, account, out, text: reportText(summarise({ directories, ending, account, elapsedMs: 1 }), PLAIN), code: exitCodeOf(ending, account) };
}

const withReader = (reader: Budgets['reader']): SwarmOptions => ({ budgets: { ...BUDGETS, reader } });

describe('the ledger of a run', () => {
  test('is what the log says that each has used, and of how much', async () => {
    const { out, account } = await runSwarm(tree(FILES));
    const entries = await entriesOf(out);
    expect(account.ledger.map(({ agent }) => agent)).toEqual(['coordinator-1', 'reader-1', 'planner-1', 'patcher-1']);
    for (const { agent, type, own, limits } of account.ledger) {
      const of = entries.filter((entry) => entry.agent === agent);
      expect(own.toolCalls).toBe(of.filter(({ kind }) => kind === 'TOOL_CALLED').length);
      expect(own.cpuMs).toBe(of.reduce((sum, { kind, data }) => sum + (kind === 'TICK_MEASURED' ? data.cpuUs : 0), 0) / 1_000);
      expect(limits.map(({ resource }) => resource)).toEqual(Object.keys(BUDGETS[type as keyof Budgets]));
    }
    // A log begins with an entry about nobody.
    const [header] = entries;
    expect(account.ledger[0]?.total.logBytes).toBe(account.logBytes - Buffer.byteLength(`${JSON.stringify(header)}\n`));
    expect(account.ledger[0]?.limits.find(({ resource }) => resource === 'maxToolCalls')).toEqual({ resource: 'maxToolCalls', ...BUDGETS.coordinator.maxToolCalls, used: account.toolCalls });
  });

  test('is the same when the log is run again', async () => {
    const source = tree(FILES);
    const { out, account } = await runSwarm(source);
    const directories = await prepareDirectories(source, path.join(temporaryDirectory(), 'again'), new Date());
    const tools = createTools(directories);
    const limits = quota();
    const verdict = await replay(new FileLogReader(path.join(out, 'log')), { agents: Object.values(createAgents(tools)), tools: Object.values(tools), extensions: [limits] });
    expect(verdict).toMatchObject({ replay: "REPRODUCED" });
    expect(limits.ledger.all()).toEqual(account.ledger);
  });

  test('stands in the report, with those below an agent under it', async () => {
    const { account } = await runSwarm(tree(FILES));
    const [head, ...lines] = ledgerLines(account.ledger, PLAIN);
    expect(head).toMatch(/^used +ticks +tool calls +processor +memory +log$/);
    expect(lines.map((line) => line.replace(/ {2,}/g, '  ').replace(/\d+ ms|[\d.]+ (?:s(?= of)|kB|bytes)/g, 'N'))).toEqual([
      'coordinator-1  12 of 300,000  6 of 300,000  N of 600 s  N of 500 MB  N of 2 GB',
      '  reader-1  3 of 140,000  2 of 140,000  N of 200 s  N  N',
      '  planner-1  1 of 10  0 of 0  N of 100 s  N  N',
      '  patcher-1  4 of 140,000  4 of 140,000  N of 200 s  N  N',
    ]);
  });

  test('marks what is beyond its soft limit', async () => {
    const { account } = await runSwarm(tree(FILES), withReader({ maxToolCalls: { hard: 9, soft: 1 } }));
    const [, , reader] = ledgerLines(account.ledger, styleFor({ isTTY: true }, {}));
    expect(reader).toContain('\u001b[31m2 of 9!\u001b[39m');
  });
});

describe('an agent that would use more than it was given', () => {
  test('is ended before it does, and with it the run, which says who and of what', async () => {
    const source = tree(FILES);
    const before = fingerprint(source);
    const { error, account, out, text, code } = await endedBy(source, withReader({ maxToolCalls: 1 }));
    expect(error.code).toBe('DELEGATION_FAILED');
    expect(code).toBe(1);
    expect(text).toMatch(/^\nFailed: .*Agent "reader-1" has used up its maxToolCalls \(used 1, asked for 1 more, limit 1\)/);
    expect(text).toMatch(/^ {2}reader-1 +\d+ +1 of 1 /m);
    expect(account.verdict).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
    const entries = await entriesOf(out);
    expect(entries.filter(({ kind }) => kind === 'TOOL_CALLED')).toHaveLength(1);
    expect(entries.find(({ kind }) => kind === 'QUOTA_EXCEEDED')).toMatchObject({ agent: 'reader-1', data: { who: 'reader-1', resource: 'maxToolCalls', used: 1, asked: 1, limit: 1 } });
    expect(fingerprint(source)).toBe(before);
  });

  test('is ended by the limit of the whole swarm as well', async () => {
    // Two calls of the reader, and one of the patcher.
    const budgets: Budgets = { ...BUDGETS, coordinator: { ...BUDGETS.coordinator, maxToolCalls: 3 }, reader: {}, patcher: {} };
    const { account, text } = await endedBy(tree(FILES), { budgets });
    expect(text).toContain('Agent "patcher-1" has used up the maxToolCalls of agent "coordinator-1"');
    expect(account.toolCalls).toBe(3);
  });

  test('is ended by its limit on the processor if it never yields', async () => {
    const { text } = await endedBy(tree(FILES), {
      ...withReader({ maxCpuMs: 100 }),
      agentsOf: (tools, budgets) => ({
        ...createAgents(tools, budgets),
        reader: defineAgent<null, ReadReport>('reader', function* () {
          for (;;);
        }),
      }),
    });
    expect(text).toContain('Agent "reader-1" has used up its maxCpuMs');
  });
});
