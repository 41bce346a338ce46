import fs from 'node:fs';
import path from 'node:path';
import { createKernel, FileLogStore } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, start, temporaryFolder, type World } from './command.js';
import * as payers from './fixtures/payers.js';
import { storedText, untilStored } from './logs.js';
import type { Sink } from './sink.js';

const FILE = program('payers.ts');
const { payer, brief, both, pay } = payers;
const GRANTS = ['call:pay', 'delegate:*'];

interface Place {
  readonly folder: string;
  readonly log: string;
  /** The payment ends when this file is there. */
  readonly when: string;
}

function place(): Place {
  const folder = temporaryFolder();
  return { folder, log: path.join(folder, 'log'), when: path.join(folder, 'go') };
}

function paying({ log, when }: Place, world: World = {}, more: readonly string[] = []) {
  return start(['run', FILE, '--agent', 'payer', '--input', JSON.stringify(when), '--grant', 'call:pay', '--log', log, ...more], world);
}

async function untilSaid(stderr: Sink, text: string): Promise<void> {
  while (!stderr.text.includes(text)) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** A log with a payment under way, as a kernel leaves it that is killed. */
async function cutOff(at = place()): Promise<Place & { readonly intentSeq: number }> {
  const { log, when } = at;
  const kernel = await createKernel({ log: new FileLogStore(log), agents: [payer, brief, both], tools: [pay] });
  kernel.spawn(payer, when, { grants: GRANTS }).result().catch(() => undefined);
  await kernel.flush();
  await kernel.stop();
  const { busSeq } = storedText(log).trimEnd().split('\n').map((line) => JSON.parse(line) as { kind: string; busSeq: number }).find(({ kind }) => kind === 'TOOL_CALLED')!;
  return { ...at, intentSeq: busSeq };
}

describe('a signal to stop', () => {
  test('leaves a call that may not be repeated to its end, says which, and records what came of it', async () => {
    const at = place();
    const { signals, stderr, done } = paying(at);
    await untilStored(at.log, 'TOOL_CALLED');
    signals.emit('SIGINT');
    await untilSaid(stderr, 'since entry 3');
    expect(stderr.text).toBe(`■ Stopping as soon as 1 call that may not be repeated has ended, or in 1 min 0 s; Ctrl-C cuts it off:\n  payer-1/1/0 pay {"when":"${at.when}"}, since entry 3\n`);
    fs.writeFileSync(at.when, '');
    expect(await done).toBe(130);
    expect(storedText(at.log)).toContain('"kind":"TOOL_RESULT"');
    expect(stderr.text).toContain(`  Not ended: payer-1 ACTIVE.\n  Go on: omnipaw resume ${FILE} --log ${at.log}\n`);
    expect(stderr.text).not.toContain('Nobody knows');
    const { code, stdout } = await omnipaw(['resume', FILE, '--log', at.log]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'paid\n' });
  });

  test('that comes again cuts it off, and so does the time; that is said', async () => {
    for (const [world, signals] of [[{}, 2], [{ graceMs: 1 }, 1]] as const) {
      const at = place();
      const running = paying(at, world, ['--json']);
      await untilStored(at.log, 'TOOL_CALLED');
      for (let n = 0; n < signals; n++) running.signals.emit('SIGTERM');
      expect(await running.done).toBe(143);
      const call = { agent: 'payer-1', tick: 1, call: 0, tool: 'pay', args: { when: at.when }, intentSeq: 3 };
      expect(JSON.parse(running.stdout.text)).toMatchObject({ ok: false, stoppedBy: 'SIGTERM', cutOff: [call] });
      expect(running.stderr.text).toContain(`  Nobody knows what came of 1 call that may not be repeated, and cut off:\n    payer-1/1/0 pay {"when":"${at.when}"}, since entry 3\n`);
      expect(running.stderr.text).toContain('(with --settle, to say what came of them)');
      expect(running.signals.listenerCount('SIGTERM')).toBe(0);
    }
  });
});

describe('resume of one agent', () => {
  test('lets the calls of others end, and says that these have not', async () => {
    const at = place();
    const { log, when } = at;
    const kernel = await createKernel({ log: new FileLogStore(log), agents: [payer, brief, both], tools: [pay] });
    // Long enough for the other one to pay.
    kernel.spawn(brief, 300).result().catch(() => undefined);
    kernel.spawn(both, when, { grants: GRANTS }).result().catch(() => undefined);
    await kernel.stop();
    const resuming = start(['resume', FILE, '--log', log, '--agent', 'brief-1']);
    await untilSaid(resuming.stderr, 'Stopping as soon as 1 call that may not be repeated has ended; Ctrl-C cuts it off');
    fs.writeFileSync(when, '');
    expect(await resuming.done).toBe(0);
    expect(resuming.stdout.text).toBe('done\n');
    expect(resuming.stderr.text).toMatch(/✓ brief-1 completed in .*\n {2}Not ended: both-1 \w+, payer-1 ACTIVE.*\.\n {2}Go on: omnipaw resume /);
    expect(await omnipaw(['resume', FILE, '--log', log, '--agent', 'both-1'])).toMatchObject({ code: 0, stdout: '[\n  "paid",\n  "done"\n]\n' });
  });
});

describe('a call of which nobody knows what came of it', () => {
  test('is shown by inspect, and told to its program, which is said', async () => {
    const { log, when, intentSeq } = await cutOff();
    expect((await omnipaw(['inspect', '--log', log])).stdout).toContain(`tool since ${intentSeq}`);
    const { agents } = JSON.parse((await omnipaw(['inspect', '--log', log, '--json'])).stdout) as { agents: readonly { id: string; waitingFor: unknown }[] };
    expect(agents.find(({ id }) => id === 'payer-1')?.waitingFor).toEqual([{ kind: 'TOOL', tick: 1, call: 0, since: intentSeq, toolCall: { tool: 'pay', args: { when }, isBackingOff: false } }]);
    const { code, stdout, stderr } = await omnipaw(['resume', FILE, '--log', log]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^TOOL_OUTCOME_UNKNOWN: .*\n$/);
    expect(stderr).toContain(`warning: Nobody knows what came of 1 call that may not be repeated; its program gets TOOL_OUTCOME_UNKNOWN:\n  payer-1/1/0 pay {"when":"${when}"}, since entry ${intentSeq}\n`);
  });

  test('starts nothing with --unknown-outcomes refuse', async () => {
    const { log, when, intentSeq } = await cutOff();
    const before = storedText(log);
    const { code, stdout, stderr } = await omnipaw(['resume', FILE, '--log', log, '--unknown-outcomes', 'refuse', '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: TOOL_OUTCOME_UNKNOWN: Nobody has said what came of 1 call that may not be repeated: payer-1/1/0 pay {"when":"${when}"}, since entry ${intentSeq}. Find out outside, then say it of each: --settle 'payer-1/1/0={"value":null}'`);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'TOOL_OUTCOME_UNKNOWN', details: { calls: [{ agent: 'payer-1', tick: 1, call: 0, tool: 'pay' }] } } });
    expect(storedText(log)).toBe(before);
  });

  test('is what somebody says that it is', async () => {
    for (const [outcome, result] of [['{"value":5}', '5'], ['{"error":"the bank says no"}', 'TOOL_FAILED: the bank says no'], ['{"error":{"code":"NO_FUNDS","message":"none"}}', 'NO_FUNDS: none']] as const) {
      const { log } = await cutOff();
      const { code, stdout, stderr } = await omnipaw(['resume', FILE, '--log', log, '--settle', `payer-1/1/0=${outcome}`, '--by', 'Ada', '--unknown-outcomes', 'refuse']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${result}\n` });
      expect(stderr).not.toContain('Nobody knows');
      expect(storedText(log)).toContain('"by":"Ada"');
      expect((await omnipaw(['replay', FILE, '--log', log])).code).toBe(0);
    }
  });

  test('is settled by name, with an outcome, and none is forgotten', async () => {
    const { log } = await cutOff();
    const before = storedText(log);
    const two = await cutOff();
    const kernel = await createKernel({ log: new FileLogStore(two.log), agents: [payer, brief, both], tools: [pay], unknownOutcomes: 'wait' });
    kernel.spawn(payer, two.when, { grants: GRANTS }).result().catch(() => undefined);
    await kernel.stop();
    const ended = place();
    const other = await createKernel({ log: new FileLogStore(ended.log), agents: [payer, brief, both], tools: [pay] });
    await other.spawn(brief, 1).result();
    await other.stop();
    await cutOff(ended);
    const calls: readonly (readonly [code: number, log: string, argv: readonly string[], message: string])[] = [
      [2, log, ['--settle', 'payer-1=1'], '--settle payer-1=1 names no call'],
      [2, log, ['--settle', 'payer-1/1/0={'], 'What --settle says of payer-1/1/0 is not JSON'],
      [2, log, ['--settle', 'payer-1/1/0=5'], '--settle payer-1/1/0=5 does not say how the call ended'],
      [2, log, ['--settle', 'payer-1/1/0={"error":5}'], 'does not say how the call ended'],
      [2, log, ['--settle', 'payer-1/2/0={"value":5}'], 'There is no call payer-1/2/0 whose outcome is unknown. Such calls: payer-1/1/0.'],
      [2, ended.log, ['--agent', 'brief-1', '--settle', 'payer-1/1/0={"value":5}'], 'Nobody is left to wait for'],
      [2, log, ['--settle', 'payer-1/1/0={"value":1}', '--settle', 'payer-1/1/0={"value":2}'], '--settle says twice what came of payer-1/1/0'],
      [2, log, ['--settle', 'payer-1/1/0={"value":-0}'], "What --settle says of payer-1/1/0 can't be recorded"],
      [2, log, ['--settle', 'payer-1/1/0={"error":""}'], 'does not say how the call ended'],
      [2, log, ['--settle', 'payer-1/1/0={"value":1}', '--by', ' '], '--by names nobody'],
      [2, log, ['--by', 'Ada'], '--by says who settles calls, and none is settled'],
      [2, log, ['--unknown-outcomes', 'guess'], 'Allowed choices are throw, refuse'],
      [1, two.log, ['--settle', 'payer-1/1/0={"value":5}'], 'Nobody has said what came of 1 call that may not be repeated'],
    ];
    for (const [code, where, argv, message] of calls) {
      const finished = await omnipaw(['resume', FILE, '--log', where, ...argv]);
      expect(finished.stderr).toContain(message);
      expect(finished.code).toBe(code);
    }
    expect(storedText(log)).toBe(before);
  });
});

describe('what a log was written under', () => {
  test('holds when it is resumed: its policies, unless the program exports others, and its extensions', async () => {
    const { log, when } = place();
    const policies = [{ name: 'never pay', effect: 'DENY', action: 'call', resource: 'pay' }] as const;
    const first = await createKernel({ log: new FileLogStore(log), agents: [payer, brief, both], tools: [pay], policies });
    first.spawn(both, when, { grants: GRANTS }).result().catch(() => undefined);
    await first.stop();
    const { stdout } = await omnipaw(['resume', FILE, '--log', log]);
    expect(stdout).toContain('PERMISSION_DENIED');

    const guarded = place();
    const guard = { name: 'watchful', version: '1', guard: { review: () => undefined } };
    const second = await createKernel({ log: new FileLogStore(guarded.log), agents: [payer, brief, both], tools: [pay], extensions: [guard] });
    second.spawn(brief, 1).result().catch(() => undefined);
    await second.stop();
    const before = storedText(guarded.log);
    const refused = await omnipaw(['resume', FILE, '--log', guarded.log]);
    expect(refused).toMatchObject({ code: 2, stderr: `error: The log was written under the extension watchful, which ${FILE} does not export. Export what createKernel was given, alone or in a list.\n` });
    expect(storedText(guarded.log)).toBe(before);
  });
});
