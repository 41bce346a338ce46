import path from 'node:path';
import { createKernel, FileLogStore, type AgentDefinition, type OmniKernel } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { ToolEnds } from '../src/calls/tool-ends.js';
import { goOn } from '../src/resume/go-on.js';
import { hasSucceeded, reportGoOn } from '../src/resume/report.js';
import type { Session } from '../src/session.js';
import { Output } from '../src/terminal/output.js';
import { omnipaw, program, start, temporaryFolder } from './command.js';
import * as several from './fixtures/several.js';
import waiter, { wait } from './fixtures/waiting.js';
import { storedText, teamLog, untilStored } from './logs.js';
import { FakeSignals, Sink } from './sink.js';

interface World {
  readonly session: Session;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly signals: FakeSignals;
}

function world(): World {
  const [stdout, stderr, signals] = [new Sink(), new Sink(), new FakeSignals()];
  const host = { argv: [], stdin: nothing(), stdout, stderr, env: {}, signals, graceMs: 60_000 };
  return { session: { host, out: new Output(stdout, {}), people: new Output(stderr, {}), ends: new ToolEnds() }, stdout, stderr, signals };
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
    const report = await goOn(kernel, { agents, tools: [wait] }, session);
    expect(hasSucceeded(report)).toBe(true);
    const audience = { ...session, file: 'several.ts', sign: undefined, log, json: false, isVerbose: false, entriesBefore: 1, more: {} };
    await reportGoOn(report, audience);
    expect(stdout.text).toBe('one-1 1\ntwo-1 {"two":2}\n');
    expect(stderr.text).toMatch(/^✓ one-1, two-1 completed in .*: 8 new entries, 9 in /);
    await reportGoOn({ ...report, ends: report.ends.slice(1) }, audience);
    expect(stdout.text).toContain('{\n  "two": 2\n}\n');
  });

  test('are told of one by one when one has failed', async () => {
    const { session, stdout, stderr } = world();
    const { kernel, log } = await kernelWith([several.first, waiter]);
    const agents = [kernel.spawn(several.first, null).id, kernel.spawn(waiter, null).id];
    const report = await goOn(kernel, { agents, tools: [wait] }, session);
    expect(hasSucceeded(report)).toBe(false);
    await reportGoOn(report, { ...session, file: 'several.ts', sign: undefined, log, json: true, isVerbose: false, entriesBefore: 1, more: { logId: 'x' } });
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
    const going = goOn(kernel, { agents, tools: [wait] }, session);
    signals.emit('SIGINT');
    const report = await going;
    expect(report.stoppedBy).toBe('SIGINT');
    await reportGoOn(report, { ...session, file: 'several.ts', sign: undefined, log, json: false, isVerbose: false, entriesBefore: 1, more: {} });
    expect(stderr.text).toMatch(/^■ Stopped by SIGINT after .*\n {2}Not ended: .*waiter-1 WAITING\.\n {2}Go on: omnipaw resume several\.ts --log .*\n$/);
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });
});

describe('a log whose agents were left', () => {
  test('is gone on with until they have ended', async () => {
    const log = path.join(temporaryFolder(), 'log');
    const running = start(['run', program('nap.ts'), '--log', log, '--input', '300']);
    await untilStored(log, 'SLEEP_STARTED');
    running.signals.emit('SIGINT');
    expect(await running.done).toBe(130);

    const { code, stdout, stderr } = await omnipaw(['resume', program('nap.ts'), '--log', log]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'slept\n' });
    expect(stderr).toMatch(/^Resuming sleeper-1 WAITING\.\n✓ sleeper-1 completed in /);
  });

  test('may be stopped again', async () => {
    const log = path.join(temporaryFolder(), 'log');
    const running = start(['run', program('nap.ts'), '--log', log, '--input', '600000']);
    await untilStored(log, 'SLEEP_STARTED');
    running.signals.emit('SIGINT');
    await running.done;
    const resuming = start(['resume', program('nap.ts'), '--log', log, '--json']);
    // Nobody listens before the kernel is there.
    while (resuming.signals.listenerCount('SIGTERM') === 0) await new Promise((resolve) => setImmediate(resolve));
    resuming.signals.emit('SIGTERM');
    expect(await resuming.done).toBe(143);
    expect(JSON.parse(resuming.stdout.text)).toMatchObject({ ok: false, stoppedBy: 'SIGTERM', agents: [{ agent: 'sleeper-1', ok: false, error: { code: 'KERNEL_STOPPED' } }] });
  });

  test('is not gone on with by another program', async () => {
    const log = path.join(temporaryFolder(), 'log');
    const running = start(['run', program('nap.ts'), '--log', log, '--input', '600000']);
    await untilStored(log, 'SLEEP_STARTED');
    running.signals.emit('SIGINT');
    await running.done;
    const before = storedText(log);
    for (const [file, message] of [['only.ts', 'AGENT_TYPE_NOT_REGISTERED: The log uses the agent "sleeper", and '], ['nowhere.ts', 'There is no file ']] as const) {
      const { code, stderr } = await omnipaw(['resume', program(file), '--log', log]);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    expect(storedText(log)).toBe(before);
  });
});

describe('a log in which nobody is left', () => {
  test('stays as it is', async () => {
    const { log, head, entries } = await teamLog();
    const before = storedText(log);
    const { code, stdout, stderr } = await omnipaw(['resume', program('team.ts'), '--log', log]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `Every agent in ${log} has ended: there is nothing to resume.\n` });
    expect(JSON.parse(stdout)).toEqual({ lengths: [1, 3], total: 4 });
    const json = await omnipaw(['resume', program('team.ts'), '--log', log, '--json']);
    expect(JSON.parse(json.stdout)).toEqual({ ok: true, agents: [{ agent: 'lead-1', ok: true, result: { lengths: [1, 3], total: 4 } }], log, head, entries });
    expect(await omnipaw(['resume', program('team.ts'), '--log', log, '--agent', 'worker-1'])).toMatchObject({ code: 0, stdout: '1\n' });
    expect(storedText(log)).toBe(before);
  });

  test('is one that failed if one failed there', async () => {
    const log = path.join(temporaryFolder(), 'log');
    expect((await omnipaw(['run', program('greeter.ts'), '--log', log])).code).toBe(1);
    for (let n = 0; n < 2; n++) {
      const { code, stdout, stderr } = await omnipaw(['resume', program('greeter.ts'), '--log', log, '--json']);
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, agents: [{ agent: 'greeter-1', ok: false, error: { code: 'PERMISSION_DENIED' } }] });
      expect(stderr).toMatch(/^Every agent in .* has ended: there is nothing to resume\.\nerror: greeter-1: PERMISSION_DENIED: /);
    }
  });
});

describe('a wrong call', () => {
  test('is one for a log, or an agent, that is not there', async () => {
    const { log } = await teamLog();
    const calls: readonly (readonly [argv: readonly string[], message: string])[] = [
      [['--log', path.join(temporaryFolder(), 'nowhere')], 'LOG_NOT_FOUND'],
      [['--log', log, '--agent', 'nobody'], 'There is no agent "nobody"'],
      [[], "required option '--log <dir>' not specified"],
    ];
    for (const [argv, message] of calls) {
      const { code, stdout, stderr } = await omnipaw(['resume', program('team.ts'), ...argv]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(message);
    }
  });
});
