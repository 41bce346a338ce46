import path from 'node:path';
import { FileLogReader, replay, type OmniError } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { BUDGETS, type Budgets } from '../../src/agents/budgets.js';
import { accountOf, type Account } from '../../src/run/account.js';
import { prepareDirectories } from '../../src/run/directories.js';
import { exitCodeOf, summarise, type RunOutcome } from '../../src/run/summary.js';
import { startSwarm, type SwarmOptions } from '../../src/run/swarm.js';
import { ledgerLines } from '../../src/terminal/ledger.js';
import { reportText } from '../../src/terminal/report.js';
import { styleFor } from '../../src/terminal/style.js';
import * as cast from '../../src/replay.js';
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

const withReading = (reading: Budgets['reading']): SwarmOptions => ({ agents: 1, budgets: { ...BUDGETS, reading } });

describe('the ledger of a run', () => {
  test('is what the log says that each has used, and of how much', async () => {
    const { out, account } = await runSwarm(tree(FILES));
    const entries = await entriesOf(out);
    const budgets = new Map<string, object>(Object.entries({ ...BUDGETS, 'coordinator-1': BUDGETS.coordinator, 'planner-1': BUDGETS.planner, 'writer-1': BUDGETS.writer }));
    for (const { agent, own, limits } of account.ledger) {
      const of = entries.filter((entry) => entry.agent === agent);
      expect(own.toolCalls).toBe(of.filter(({ kind }) => kind === 'TOOL_CALLED').length);
      expect(own.cpuMs).toBe(of.reduce((sum, { kind, data }) => sum + (kind === 'TICK_MEASURED' ? data.cpuUs : 0), 0) / 1_000);
      // Members of a part have none of their own.
      expect(limits.map(({ resource }) => resource), agent).toEqual(Object.keys(budgets.get(agent) ?? {}));
    }
    // A log begins with an entry about nobody.
    const [header] = entries;
    expect(account.ledger[0]?.total.logBytes).toBe(account.logBytes - Buffer.byteLength(`${JSON.stringify(header)}\n`));
    expect(account.ledger[0]?.limits.find(({ resource }) => resource === 'maxToolCalls')).toEqual({ resource: 'maxToolCalls', ...BUDGETS.coordinator.maxToolCalls, used: account.toolCalls });
  });

  test('is the same when the log is run again', async () => {
    const { out, account } = await runSwarm(tree(FILES), { check: 'true' });
    const { limits, ...definitions } = cast;
    // As the command `omnipaw replay` tells them apart.
    const agents = Object.values(definitions).filter((definition) => definition !== undefined && 'start' in definition);
    const tools = Object.values(definitions).filter((definition) => definition !== undefined && 'run' in definition);
    const verdict = await replay(new FileLogReader(path.join(out, 'log')), { agents: agents, tools: tools, extensions: [limits] });
    expect(verdict).toMatchObject({ replay: 'REPRODUCED', changed: [] });
    expect(limits.ledger.all()).toEqual(account.ledger);
  });

  test('stands in the report, with those below an agent under it', async () => {
    const { account } = await runSwarm(tree(FILES), { agents: 1 });
    const [head, ...lines] = ledgerLines(account.ledger, PLAIN);
    expect(head).toMatch(/^used +ticks +tool calls +processor +memory +log$/);
    expect(lines.map((line) => line.replace(/ {2,}/g, '  ').replace(/[\d.]+ m?s(?= of)|[\d.]+ (?:kB|bytes)/g, 'N').replace(/(?<=^ *\S+ {2})\d+/, 'N'))).toEqual([
      'coordinator-1  N of 1,000,000  9 of 500,000  N of 1200 s  N of 1 GB  N of 4 GB',
      '  reading  N of 300,000  2 of 140,000  N of 300 s  N  N',
      '  planner-1  N of 10  0 of 0  N of 100 s  N  N',
      '  patching  N of 300,000  2 of 140,000  N of 300 s  N  N',
      '  chair  N of 140,000  3 of 100,000  N of 200 s  N  N',
      '  writer-1  N of 20,000  2 of 20,000  N of 100 s  N  N',
    ]);
  });

  test('marks what is beyond its soft limit', async () => {
    const { account } = await runSwarm(tree(FILES), withReading({ maxToolCalls: { hard: 9, soft: 1 } }));
    const [, , reading] = ledgerLines(account.ledger, styleFor({ isTTY: true }, {}));
    expect(reading).toContain('\u001b[31m2 of 9!\u001b[39m');
  });
});

describe('an agent that would use more than it was given', () => {
  test('is ended before it does, and with it the run, which says who and of what', async () => {
    const source = tree(FILES);
    const before = fingerprint(source);
    const { error, account, out, text, code } = await endedBy(source, withReading({ maxToolCalls: 1 }));
    expect(error.code).toBe('DELEGATION_FAILED');
    expect(code).toBe(1);
    expect(text).toMatch(/^\nFailed: .*Agent "reading.member-1" has used up the maxToolCalls of agent "reading", which is above it, \(used 1, asked for 1 more, limit 1\)/);
    expect(text).toMatch(/^ {2}reading +\d+ +1 of 1 /m);
    expect(account.verdict).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
    const entries = await entriesOf(out);
    expect(entries.filter(({ kind }) => kind === 'TOOL_CALLED')).toHaveLength(1);
    expect(entries.find(({ kind }) => kind === 'QUOTA_EXCEEDED')).toMatchObject({ data: { who: 'reading', resource: 'maxToolCalls', used: 1, asked: 1, limit: 1 } });
    expect(fingerprint(source)).toBe(before);
  });

  test('is ended by the limit of the whole swarm as well', async () => {
    // Two calls of the readers, and one of the patchers.
    const budgets: Budgets = { ...BUDGETS, coordinator: { ...BUDGETS.coordinator, maxToolCalls: 3 }, reading: {}, patching: {}, planner: {}, chair: {}, writer: {} };
    const { account, text } = await endedBy(tree(FILES), { agents: 1, budgets });
    expect(text).toContain('has used up the maxToolCalls of agent "coordinator-1"');
    expect(account.toolCalls).toBe(3);
  });

  test('is ended by its limit on the processor if it never yields', async () => {
    const { text } = await endedBy(tree(FILES), {
      budgets: { ...BUDGETS, planner: { maxCpuMs: 100 } },
      parts: {
         
        *plan() {
          for (;;);
        },
      },
    });
    expect(text).toContain('Agent "planner-1" has used up its maxCpuMs');
  });
});
