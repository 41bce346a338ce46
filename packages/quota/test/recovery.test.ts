import { createKernel, defineAgent, defineTool, fork, MemoryLogStore, unchecked, type OmniError, type OmniKernel } from '@omnipaw/kernel';
import { crash, VirtualTime } from '@omnipaw/testing';
import { quota, type AgentUsage } from '@omnipaw/quota';
import { describe, expect, it } from 'vitest';
import { cast, main, options, spawned } from './histories/limits/program.js';
import { entriesOf, ofKind, boot, finish } from './support.js';

async function play(kernel: OmniKernel): Promise<unknown> {
  return kernel.spawn(main, null, spawned).result().catch((error: unknown) => (error as OmniError).code);
}

/** What agents did, whenever that was, however often a kernel has started, and whatever a tool used that was cut off. */
function story(entries: Awaited<ReturnType<typeof entriesOf>>): readonly string[] {
  return entries.filter(({ kind }) => kind.startsWith('QUOTA_') || kind === 'TOOL_CALLED' || kind === 'AGENT_FAULTED')
    .map(({ agent, kind, data }) => `${agent ?? ''} ${kind} ${JSON.stringify({ ...data, deadline: undefined, transition: undefined, permission: undefined }).replaceAll(/used(":)? ?\d+/g, 'used')}`);
}

function withoutTokens({ own, total, limits }: AgentUsage): unknown {
  return { own: { ...own, tokens: 0 }, total: { ...total, tokens: 0 }, limits: limits.filter(({ resource }) => resource !== 'maxWallMs' && resource !== 'maxTokens') };
}

describe('in a fork', () => {
  it('the ledger goes on from where it was, and limits hold for what was used before', async () => {
    const whole = await boot({ ...cast, ...options });
    await whole.time.until(play(whole.kernel));
    const entries = await finish(whole);
    const at = ofKind(entries, 'TOOL_RESULT').at(-3)!.busSeq;
    const into = new MemoryLogStore();
    await fork(whole.log, { at, into, patch: { value: 'something else' } });
    const forked = await boot({ ...cast, ...options, log: new MemoryLogStore({ bytes: into.bytes(), codec: whole.time.ports.codec }), time: whole.time });
    await whole.time.until(forked.kernel.agent('ada').result().catch(() => undefined));
    const limitsOf = ({ limits }: typeof whole): unknown => limits.ledger.of('ada')?.limits.filter(({ resource }) => resource !== 'maxWallMs');
    expect(limitsOf(forked)).toEqual(limitsOf(whole));
    const again = await finish(forked);
    expect(ofKind(again, 'QUOTA_EXCEEDED').map(({ agent, data }) => [agent, data.resource])).toEqual(ofKind(entries, 'QUOTA_EXCEEDED').map(({ agent, data }) => [agent, data.resource]));
  });
});

describe('after a crash', () => {
  it('behind any entry, the ledger and all decisions are those of a life without one', async () => {
    const whole = await boot({ ...cast, ...options });
    expect(await whole.time.until(play(whole.kernel))).toBe('QUOTA_EXCEEDED');
    const expected = whole.limits.ledger.all();
    const entries = await finish(whole);
    expect(ofKind(entries, 'QUOTA_EXCEEDED').map(({ agent }) => agent)).toEqual(['child-1', 'ada']);
    expect(ofKind(entries, 'DELAY_STARTED').length).toBeGreaterThan(3);
    for (let at = 2; at < entries.length; at++) {
      const time = new VirtualTime();
      const { log } = await crash({ ...cast, time, extensions: [quota(options)], at: { after: ({ busSeq }) => busSeq === at } }, play);
      const again = await boot({ ...cast, ...options, log, time });
      await time.until(again.kernel.agent('ada').result().catch(() => undefined));
      const usage = again.limits.ledger.of('ada')!;
      expect([at, withoutTokens(usage)]).toEqual([at, withoutTokens(expected[0]!)]);
      // What a tool used that was cut off nobody knows: all that it had reserved counts.
      expect(usage.total.tokens).toBeGreaterThanOrEqual(expected[0]!.total.tokens);
      expect(story(await finish(again))).toEqual(story(entries));
    }
  }, 30_000);

  it('a call whose outcome is unknown has used what it reserved', async () => {
    const once = defineTool({ name: 'once', description: '', input: unchecked<object>(), reserve: () => ({ tokens: 9 }), run: (_, context) => { context.spend({ tokens: 1 }); return 1; } });
    const asker = defineAgent('asker', function* (ctx) {
      try {
        yield* ctx.tool(once, {});
      } catch (error) {
        return (error as OmniError).code;
      }
      return 'ok';
    });
    const time = new VirtualTime();
    const { log } = await crash({ agents: [asker], tools: [once], time, extensions: [quota()], at: { before: 'TOOL_RESULT' } }, (kernel) => kernel.spawn(asker, null, { grants: ['call:*'], quota: { maxTokens: 9 } }).result());
    const booted = await boot({ agents: [asker], tools: [once], log, time });
    expect(await time.until(booted.kernel.agent('asker-1').result())).toBe('TOOL_OUTCOME_UNKNOWN');
    expect(booted.limits.ledger.of('asker-1')?.own.tokens).toBe(9);
    await finish(booted);
  });

  it('from a checkpoint, the ledger is the one that was kept', async () => {
    const store = new MemoryLogStore();
    let kept: Uint8Array | undefined;
    let loads = 0;
    const checkpoints = {
      save: async (bytes: Uint8Array) => { kept = bytes.slice(); },
      load: async () => { loads++; return kept; },
    };
    Object.assign(store, { checkpoints });
    const time = new VirtualTime();
    const life = async (log: MemoryLogStore, problems: unknown[]) => {
      const limits = quota(options);
      const kernel = await createKernel({ ...cast, log, extensions: [limits], checkpoints: { everyEntries: 5 }, onProblem: (problem) => problems.push(problem) }, { ports: time.ports });
      return { kernel, limits };
    };
    const problems: unknown[] = [];
    const first = await life(store, problems);
    first.kernel.spawn(main, null, spawned);
    await time.advance(3_000);
    await time.until(first.kernel.stop());
    expect(kept).toBeDefined();
    const reopened = new MemoryLogStore({ bytes: store.bytes(), codec: time.ports.codec });
    Object.assign(reopened, { checkpoints });
    const second = await life(reopened, problems);
    expect(second.limits.ledger.all()).toEqual(first.limits.ledger.all());
    await time.until(second.kernel.agent('ada').result().catch(() => undefined));
    await time.until(second.kernel.stop());
    expect([problems, loads > 0]).toEqual([[], true]);
    const entries = await entriesOf(reopened);
    expect(ofKind(entries, 'QUOTA_EXCEEDED').map(({ agent }) => agent)).toEqual(['child-1', 'ada']);
  });

  it('in the middle of a limit, other limits are said to be what does not fit', async () => {
    const time = new VirtualTime();
    const ticker = defineAgent('ticker', function* (ctx) {
      for (;;) yield* ctx.sleep(1);
    });
    const under = (maxTicks: number) => ({ agents: [ticker], extensions: [quota({ defaults: { ticker: { maxTicks } } })] });
    const { log } = await crash({ ...under(3), time, at: { after: 'QUOTA_EXCEEDED' } }, (kernel) => kernel.spawn(ticker, null).result());
    const raised = createKernel({ ...under(9), log }, { ports: time.ports });
    await expect(raised).rejects.toMatchObject({ code: 'REPLAY_DIVERGENCE', message: expect.stringMatching(/an extension that has changed \(quota 1-\w+, now 1-\w+\): start the kernel once with that of then/) as string });
    const kernel = await createKernel({ ...under(3), log: new MemoryLogStore({ bytes: log.bytes(), codec: time.ports.codec }) }, { ports: time.ports });
    await expect(time.until(kernel.agent('ticker-1').result())).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await time.until(kernel.stop());
  });

  it('under other limits, what was kept is of no use, and the log is folded anew', () => {
    expect(quota(options).version).toBe(quota({ ...options }).version);
    expect(quota(options).version).not.toBe(quota().version);
  });
});
