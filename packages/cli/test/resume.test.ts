import path from 'node:path';
import { createKernel, FileLogStore, type AgentDefinition, type OmniKernel } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { goOn } from '../src/resume/go-on.js';
import { hasSucceeded, reportGoOn } from '../src/resume/report.js';
import type { Session } from '../src/session.js';
import { Output } from '../src/terminal/output.js';
import { omnipaw, program, temporaryFolder } from './command.js';
import * as several from './fixtures/several.js';
import waiter, { wait } from './fixtures/waiting.js';
import { storedText, teamLog } from './logs.js';
import { FakeSignals, Sink } from './sink.js';

interface World {
  readonly session: Session;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly signals: FakeSignals;
}

function world(): World {
  const [stdout, stderr, signals] = [new Sink(), new Sink(), new FakeSignals()];
  const host = { argv: [], stdin: nothing(), stdout, stderr, env: {}, signals };
  return { session: { host, out: new Output(stdout, {}), people: new Output(stderr, {}) }, stdout, stderr, signals };
}

async function* nothing(): AsyncGenerator<string, void> {}

async function kernelWith(agents: readonly AgentDefinition[]): Promise<{ kernel: OmniKernel; log: string }> {
  const log = path.join(temporaryFolder(), 'log');
  return { kernel: await createKernel({ log: new FileLogStore(log), agents, tools: [wait] }), log };
}

describe('agents that were taken up', () => {
  test('are waited for until all have ended, and each result is printed', async () => {
    const { session, stdout, stderr } = world();
    const { kernel, log } = await kernelWith([several.first, several.second]);
    const agents = [kernel.spawn(several.first, null).id, kernel.spawn(several.second, null).id];
    const report = await goOn(kernel, agents, session);
    expect(hasSucceeded(report)).toBe(true);
    const audience = { ...session, log, json: false, isVerbose: false, more: {} };
    await reportGoOn(report, audience);
    expect(stdout.text).toBe('one-1 1\ntwo-1 {"two":2}\n');
    expect(stderr.text).toMatch(/^✓ one-1, two-1 completed in .*; 9 entries in /);
    await reportGoOn({ ...report, ends: report.ends.slice(1) }, audience);
    expect(stdout.text).toContain('{\n  "two": 2\n}\n');
  });

  test('are told of one by one when one has failed', async () => {
    const { session, stdout, stderr } = world();
    const { kernel, log } = await kernelWith([several.first, waiter]);
    const agents = [kernel.spawn(several.first, null).id, kernel.spawn(waiter, null).id];
    const report = await goOn(kernel, agents, session);
    expect(hasSucceeded(report)).toBe(false);
    await reportGoOn(report, { ...session, log, json: true, isVerbose: false, more: { logId: 'x' } });
    expect(JSON.parse(stdout.text)).toEqual({
      ok: false,
      agents: [
        { agent: 'one-1', ok: true, result: 1 },
        { agent: 'waiter-1', ok: false, error: expect.objectContaining({ code: 'PERMISSION_DENIED' }) as object },
      ],
      log,
      head: kernel.head,
      entries: kernel.entryCount,
      logId: 'x',
    });
    expect(stderr.text).toMatch(/^✗ waiter-1 failed after .*\nerror: waiter-1: PERMISSION_DENIED: /);
  });

  test('are left where they are when a signal comes', async () => {
    const { session, stderr, signals } = world();
    const { kernel, log } = await kernelWith([several.first, waiter]);
    const agents = [kernel.spawn(several.first, null).id, kernel.spawn(waiter, null, { grants: ['call:wait'] }).id];
    const going = goOn(kernel, agents, session);
    signals.emit('SIGINT');
    const report = await going;
    expect(report.stoppedBy).toBe('SIGINT');
    await reportGoOn(report, { ...session, log, json: false, isVerbose: false, more: {} });
    expect(stderr.text).toMatch(/^■ Stopped by SIGINT after .*\n {2}Not ended: .*waiter-1\.\n$/);
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });
});

describe('a log in which nobody is left', () => {
  test('stays as it is', async () => {
    const { log, head, entries } = await teamLog();
    const before = storedText(log);
    const { code, stdout, stderr } = await omnipaw(['resume', program('team.ts'), '--log', log]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: `Every agent in ${log} has ended: there is nothing to resume.\n` });
    const json = await omnipaw(['resume', program('team.ts'), '--log', log, '--json']);
    expect(JSON.parse(json.stdout)).toEqual({ ok: true, agents: [], log, head, entries });
    expect(storedText(log)).toBe(before);
  });
});

describe('a wrong call', () => {
  test('is one for a log, or an agent, that is not there or has ended', async () => {
    const { log } = await teamLog();
    const calls: readonly (readonly [argv: readonly string[], message: string])[] = [
      [['--log', path.join(temporaryFolder(), 'nowhere')], 'LOG_NOT_FOUND'],
      [['--log', log, '--agent', 'nobody'], 'There is no agent "nobody"'],
      [['--log', log, '--agent', 'worker-1'], 'The agent worker-1 has ended already (TERMINATED). Not ended: none.'],
      [[], "required option '--log <dir>' not specified"],
    ];
    for (const [argv, message] of calls) {
      const { code, stdout, stderr } = await omnipaw(['resume', program('team.ts'), ...argv]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(message);
    }
  });
});
