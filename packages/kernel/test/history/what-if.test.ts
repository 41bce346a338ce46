import { createKernel, defineAgent, defineTool, MemoryLogStore, nodePorts, OmniError, secret, unchecked, whatIf, type Extension, type Guard, type KernelConfig, type SpawnOptions, type WhatIfFinding } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { play } from '../invariants/scenario.js';
import { scenarios } from '../../sim/scenarios.js';
import { boot, entriesOf, rejectionOf } from '../support/index.js';
import { rechained, story } from './story.js';

const use = defineTool({ name: 'use', description: '', input: unchecked<Record<string, unknown>>(), run: () => 'used' });
const child = defineAgent('child', function* (ctx, calls: number) {
  for (let n = 0; n < calls; n++) yield* ctx.tool(use, { n });
});
const listener = defineAgent('listener', function* (ctx) {
  yield* ctx.receive();
});
/** Does one of everything that needs permission. */
const doer = defineAgent('doer', function* (ctx) {
  yield* ctx.tool(use, { n: 1 });
  yield* ctx.tool(use, { key: secret('KEY') });
  yield* ctx.shared('team').set('plan', 'a', 0);
  yield* ctx.shared('team').get('plan');
  yield* ctx.send('listener', 'hello');
  yield* ctx.delegate(child, 2, { grants: ['call:use'] });
  yield* ctx.memory.set('done', true);
});
const ALL = ['call:use', 'read:secret:KEY', 'write:shared:team/*', 'read:shared:team/*', 'send:listener', 'delegate:child'];

async function logOf(config: Partial<Omit<KernelConfig, 'log'>> = {}, { grants = ALL, ...options }: SpawnOptions = {}): Promise<MemoryLogStore> {
  const { kernel, store, until } = await boot({ agents: [doer, child, listener], tools: [use], secrets: () => 's3cret', ...config });
  kernel.spawn(listener, null, { id: 'listener' });
  await until(kernel.spawn(doer, null, { grants, ...options }).result());
  await until(kernel.stop());
  return store;
}

/** `3 doer-1 REFUSE call use by policy no`. */
function said({ busSeq, agent, effect, action, resource, by }: WhatIfFinding): string {
  return `${String(busSeq)} ${agent} ${effect} ${String(action)} ${String(resource)} by ${by}`;
}

/** The same without the number. */
function brief(finding: WhatIfFinding): string {
  return said(finding).replace(/^\d+ /, '');
}

describe('under what is on record', () => {
  test('nothing would be otherwise, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const { bytes } = await play(scenario);
        const log = new MemoryLogStore({ bytes, codec: nodePorts.codec });
        expect(await whatIf(log, {})).toMatchObject({ findings: [] });
      }),
      { numRuns: 40 },
    );
  });

  test('nothing would be otherwise in a log of two kernels with policies of their own', async () => {
    const store = await logOf({ policies: [{ name: 'all', effect: 'ALLOW', action: '*', resource: '**' }] }, { grants: [] }).catch((error: unknown) => error);
    // Nobody can hand on what is only allowed by a policy.
    expect(store).toMatchObject({ code: 'PRIVILEGE_ESCALATION_ATTEMPT' });
    const log = await logOf();
    const late = defineAgent('late', function* (ctx) {
      return yield* ctx.tool(use, {});
    });
    const kernel = await createKernel({ log, agents: [doer, child, listener, late], tools: [use], policies: [{ name: 'all', effect: 'ALLOW', action: 'call', resource: '**' }] });
    await kernel.spawn(late, null).result();
    await kernel.stop();
    const report = await whatIf(log, {});
    expect(report).toEqual({ entries: kernel.entryCount, asked: 12, findings: [] });
  });
});

describe('under other policies', () => {
  test('each action that would be refused is found, with what allowed it and what decides now', async () => {
    const log = await logOf();
    const { findings } = await whatIf(log, { policies: [{ name: 'frozen', effect: 'DENY', action: '*', resource: '**' }] });
    expect(findings.map(brief)).toEqual([
      'doer-1 REFUSE call use by policy frozen',
      'doer-1 REFUSE call use by policy frozen',
      'doer-1 REFUSE write shared:team/plan by policy frozen',
      'doer-1 REFUSE read shared:team/plan by policy frozen',
      'doer-1 REFUSE send listener by policy frozen',
      'doer-1 REFUSE delegate child by policy frozen',
      'child-1 REFUSE call use by policy frozen',
      'child-1 REFUSE call use by policy frozen',
    ]);
    const entries = await entriesOf(log);
    expect(findings[0]).toEqual({
      busSeq: entries.find(({ kind }) => kind === 'TOOL_CALLED')!.busSeq,
      agent: 'doer-1', tick: 1, kind: 'TOOL_CALLED', action: 'call', resource: 'use', effect: 'REFUSE', by: 'policy frozen',
      recorded: { decision: 'ALLOW', by: 'grant 0 call:use' },
      error: { code: 'PERMISSION_DENIED', message: 'It may not call use.' },
    });
    expect(findings[5]).toMatchObject({ kind: 'AGENT_SPAWNED', tick: 3 });
  });

  test('a secret is asked for as well, and what needs approval is found', async () => {
    const { findings } = await whatIf(await logOf(), { addedPolicies: [{ name: 'ask', effect: 'ESCALATE', action: 'read', resource: 'secret:*' }] });
    expect(findings.map(brief)).toEqual(['doer-1 ESCALATE read secret:KEY by policy ask']);
  });

  test('what was approved would be again, unless it is denied', async () => {
    const { store } = await story();
    const ask = { name: 'other', effect: 'ESCALATE', action: 'call', resource: 'wipe' } as const;
    expect((await whatIf(store, { policies: [ask] })).findings).toEqual([]);
    expect((await whatIf(store, { policies: [{ ...ask, effect: 'DENY' }] })).findings.map(brief)).toEqual(['main-1 REFUSE call wipe by policy other']);
    // A grant is enough where nobody has to be asked.
    expect((await whatIf(store, { policies: [] })).findings).toEqual([]);
  });
});

describe('under other grants', () => {
  test('what a delegator no longer has, its children do not have either', async () => {
    const log = await logOf();
    const { findings } = await whatIf(log, { grants: [{ agent: 'doer', remove: ['call:**'] }] });
    expect(findings.map(brief)).toEqual([
      'doer-1 REFUSE call use by default',
      'doer-1 REFUSE call use by default',
      'doer-1 REFUSE delegate child by delegation',
      'child-1 REFUSE call use by default',
      'child-1 REFUSE call use by default',
    ]);
    expect(findings[2]!.error).toEqual({ code: 'PRIVILEGE_ESCALATION_ATTEMPT', message: 'It would delegate more than it may: it does not itself hold call:use.' });
  });

  test('an agent may be named by its id, and given others', async () => {
    const log = await logOf();
    expect((await whatIf(log, { grants: [{ agent: 'child-1', replace: [] }] })).findings.map(brief)).toEqual(['child-1 REFUSE call use by default', 'child-1 REFUSE call use by default']);
    expect((await whatIf(log, { grants: [{ agent: 'child-1', replace: [], add: ['call:u*'] }] })).findings).toEqual([]);
    expect((await whatIf(log, { grants: [{ remove: ['send:*'] }] })).findings.map(brief)).toEqual(['doer-1 REFUSE send listener by default']);
  });

  test('uses are counted by the grant that allows them now', async () => {
    const log = await logOf();
    const limited = await whatIf(log, { grants: [{ agent: 'child', replace: [{ action: 'call', resource: 'use', limit: 1 }] }] });
    expect(limited.findings.map(brief)).toEqual(['child-1 REFUSE call use by default']);
    const shared = await whatIf(log, { grants: [{ agent: 'doer', replace: [...ALL.slice(1), { action: 'call', resource: 'use', limit: 1 }, { action: 'call', resource: 'us*', limit: 1 }] }] });
    // Both calls of its own, by one grant each; it has none to hand on, as the child's has no limit.
    expect(shared.findings.map(brief)).toEqual(['doer-1 REFUSE delegate child by delegation', 'child-1 REFUSE call use by default', 'child-1 REFUSE call use by default']);
  });

  test('a grant that has ended by then allows nothing', async () => {
    const log = await logOf();
    const { time } = (await entriesOf(log))[0]!;
    expect((await whatIf(log, { grants: [{ agent: 'child', replace: [{ action: 'call', resource: '*', notAfter: time - 1 }] }] })).findings).toHaveLength(2);
    expect((await whatIf(log, { grants: [{ agent: 'child', replace: [{ action: 'call', resource: '*', notAfter: time + 60_000 }] }] })).findings).toEqual([]);
  });

  test('a change that is for nobody is refused, and so is what is no grant or policy', async () => {
    const log = await logOf();
    expect(await rejectionOf(whatIf(log, { grants: [{ agent: 'chidl', replace: [] }] }))).toMatchObject({ code: 'AGENT_NOT_FOUND', details: { agent: 'chidl' } });
    expect((await whatIf(log, { grants: [{ agent: 'doer', remove: ['call:use'] }, { agent: 'child', remove: ['call:use'] }] })).findings).not.toEqual([]);
    const idle = { agent: 'child', remove: ['call:**', 'call:nothing.of.the.kind'] };
    expect(await rejectionOf(whatIf(log, { grants: [idle] }))).toMatchObject({ code: 'GRANT_NOT_FOUND', details: { action: 'call', resource: 'nothing.of.the.kind' } });
    expect(await rejectionOf(whatIf(log, { grants: [{ add: ['fly:away'] }] }))).toBeInstanceOf(TypeError);
    expect(await rejectionOf(whatIf(log, { policies: [{ name: 'x', effect: 'MAYBE' as never, action: '*', resource: '*' }] }))).toBeInstanceOf(TypeError);
  });
});

describe('under other guards', () => {
  /** Warns of the last call, once, and refuses what comes after it. */
  function callLimit(limit: number): Extension {
    let [calls, warned] = [0, false];
    return {
      name: 'call-limit',
      projection: {
        apply: ({ kind }: { readonly kind: string }) => {
          if (kind === 'TOOL_CALLED') calls++;
          if (kind === 'LAST_CALL') warned = true;
        },
      },
      guard: {
        review: ({ kind }) => {
          if (kind !== 'TOOL_CALLED' || calls < limit - 1) return undefined;
          if (calls >= limit) return { verdict: 'refuse', error: new OmniError('CALL_LIMIT', 'too many') };
          return warned ? undefined : { verdict: 'warn', record: { kind: 'LAST_CALL', data: { limit } } };
        },
      },
    };
  }

  test('each action that they refuse or warn about is found, as they fold the log', async () => {
    const { findings } = await whatIf(await logOf(), { extensions: [callLimit(2)] });
    expect(findings.map(brief)).toEqual([
      'doer-1 WARN call use by guard call-limit',
      'child-1 REFUSE call use by guard call-limit',
      'child-1 REFUSE call use by guard call-limit',
    ]);
    expect(findings[0]).toMatchObject({ record: { kind: 'LAST_CALL', data: { limit: 2 } }, recorded: { decision: 'ALLOW' } });
    expect(findings[1]!.error).toEqual({ code: 'CALL_LIMIT', message: 'too many' });
  });

  test('a warning that was given then as well is none', async () => {
    const log = await logOf({ extensions: [callLimit(4)] });
    expect((await entriesOf(log)).map(({ kind }) => kind as string)).toContain('LAST_CALL');
    expect((await whatIf(log, { extensions: [callLimit(4)] })).findings).toEqual([]);
    expect((await whatIf(log, { extensions: [callLimit(3)] })).findings.map(brief)).toEqual([
      'child-1 WARN call use by guard call-limit',
      'child-1 REFUSE call use by guard call-limit',
    ]);
  });

  test('they see what needs no permission, too, and a guard that fails ends the agent', async () => {
    const guard = (review: Guard['review']): Extension => ({ name: 'strict', guard: { review } });
    const strict = guard(({ kind }) => (kind === 'MEMORY_SET' ? { verdict: 'fault', error: new OmniError('NO_MEMORY', 'no') } : undefined));
    const { findings } = await whatIf(await logOf(), { extensions: [strict] });
    expect(findings).toEqual([expect.objectContaining({ agent: 'doer-1', kind: 'MEMORY_SET', effect: 'FAULT', by: 'guard strict', error: { code: 'NO_MEMORY', message: 'no' } })]);
    expect(findings[0]).not.toHaveProperty('action');
    const broken = await whatIf(await logOf(), { extensions: [guard(() => { throw new Error('oops'); })] });
    expect(broken.findings[0]).toMatchObject({ effect: 'FAULT', error: { code: 'EXTENSION_FAILED' } });
  });

  test('a projection that fails is told', async () => {
    const extension: Extension = { name: 'weak', projection: { apply: () => { throw new Error('oops'); } } };
    expect(await rejectionOf(whatIf(await logOf(), { extensions: [extension] }))).toMatchObject({ code: 'EXTENSION_FAILED' });
  });

  test('they are not asked about what would not be permitted', async () => {
    const asked: string[] = [];
    const extension: Extension = { name: 'curious', guard: { review: ({ kind }) => { asked.push(kind); return undefined; } } };
    await whatIf(await logOf(), { extensions: [extension], addedPolicies: [{ name: 'no', effect: 'DENY', action: 'call', resource: '*' }] });
    expect(asked).toEqual(['RECEIVE_STARTED', 'SHARED_WRITTEN', 'SHARED_READ', 'MESSAGE_SENT', 'AGENT_SPAWNED', 'JOIN_STARTED', 'MEMORY_SET']);
  });
});

test('A log that nobody but a forger can have written is refused', async () => {
  const entries = await entriesOf(await logOf());
  const forged = rechained(entries.map((entry) => (entry.kind === 'AGENT_SPAWNED' ? ({ ...entry, data: { type: 'x', parent: null } } as never) : entry)));
  expect(await rejectionOf(whatIf(forged, {}))).toMatchObject({ code: 'LOG_CORRUPT' });
});
