import { createKernel, defineAgent, defineTool, MemoryLogStore, OmniError, secret, unchecked, verify } from '@omnipaw/kernel';
import { ControlledStore, VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, ofKind, turn } from '../support/index.js';

const never = (): Promise<never> => new Promise(() => undefined);

describe('a tool that must not run any more', () => {
  it('does not, if its agent ended while its secrets were fetched', async () => {
    let runs = 0;
    const login = defineTool({ name: 'login', description: '', input: unchecked<{ key: string }>(), run: () => runs++ });
    const agent = defineAgent('main', function* (ctx) {
      yield* ctx.tool(login, { key: secret('KEY') });
    });
    let give: (value: string) => void = () => undefined;
    const secrets = (): Promise<string> => new Promise((resolve) => { give = resolve; });
    const { kernel, until } = await boot({ agents: [agent], tools: [login], secrets });
    const { id } = kernel.spawn(agent, undefined, { grants: ['call:login', 'read:secret:KEY'] });
    await until(kernel.flush());
    await turn();
    kernel.revoke(id, 'enough');
    give('s3cret');
    await until(kernel.flush());
    expect(runs).toBe(0);
  });

  it('leaves no timeout behind when it began in the turn in which it was stopped', async () => {
    const time = new VirtualTime();
    const started = new Promise<void>((resolve) => { begun = resolve; });
    const slow = defineTool({ name: 'slow', description: '', input: unchecked<object>(), timeoutMs: 50, run: () => (begun(), never()) });
    const agent = defineAgent('main', function* (ctx) {
      yield* ctx.tool(slow, {});
    });
    const { kernel, store, until } = await boot({ agents: [agent], tools: [slow], time });
    const { id } = kernel.spawn(agent, undefined, { grants: ['call:slow'] });
    await until(started);
    kernel.revoke(id, 'enough');
    await time.advance(1_000);
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'STALE_RESULT')).toEqual([]);
  });
});

let begun: () => void = () => undefined;

describe('many calls that wait for their turn', () => {
  it('are answered one after the other by a tool that answers at once', async () => {
    let count = 0;
    const quick = defineTool({ name: 'quick', description: '', input: unchecked<object>(), run: () => ++count });
    const slow = defineTool({ name: 'slow', description: '', input: unchecked<object>(), run: async () => turn() });
    const agent = defineAgent('main', function* (ctx) {
      const results = yield* ctx.all([ctx.tool(slow, {}), ...Array.from({ length: 3_000 }, () => ctx.tool(quick, {}))]);
      return results.length;
    });
    const { kernel, until } = await boot({ agents: [agent], tools: [quick, slow], maxConcurrentToolCalls: 1 });
    expect(await until(kernel.spawn(agent, undefined, { grants: ['call:*'] }).result())).toBe(3_001);
    expect(count).toBe(3_000);
  });
});

describe('a retry', () => {
  it('starts only once the entry that announces it is durable', async () => {
    let attempts = 0;
    const flaky = defineTool({
      name: 'flaky',
      description: '',
      input: unchecked<object>(),
      retry: { limit: 1, backoffMs: 0 },
      run: () => {
        if (++attempts === 1) throw new OmniError('BUSY', 'Try again.', { failureClass: 'TRANSIENT' });
        return attempts;
      },
    });
    const agent = defineAgent('main', function* (ctx) {
      return yield* ctx.tool(flaky, {});
    });
    const store = new ControlledStore();
    const time = new VirtualTime();
    const { kernel, until } = await boot({ log: store, agents: [agent], tools: [flaky], time });
    const handle = kernel.spawn(agent, undefined, { grants: ['call:flaky'] });
    kernel.subscribe(({ kind }) => { if (kind === 'TOOL_RETRIED') store.hold(); });
    await time.advance(10);
    await time.advance(10);
    expect(attempts).toBe(1);
    store.release();
    expect(await until(handle.result())).toBe(2);
  });
});

describe('a tick that writes more than one batch can hold', () => {
  it('is in the log whole', async () => {
    const value = 'x'.repeat(1_000_000);
    const agent = defineAgent('main', function* (ctx) {
      for (let index = 0; index < 40; index++) yield* ctx.memory.set(`key-${index}`, value);
      return 'done';
    });
    const { kernel, store, until } = await boot({ agents: [agent] });
    expect(await until(kernel.spawn(agent, undefined).result())).toBe('done');
    expect(await verify(store, { pin: kernel.head })).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
  });
});

describe('what was told once', () => {
  it('stays: a child that failed has failed for its own reason, also when its delegator ends', async () => {
    const child = defineAgent('child', function* () {
      yield { op: 'NOOP' };
      throw new Error('the real cause');
    });
    const parent = defineAgent('parent', function* (ctx) {
      yield* ctx.start(child, undefined);
      yield* ctx.sleep(5);
    });
    const { kernel, until, rejection } = await boot({ agents: [child, parent] });
    const handle = kernel.spawn(parent, undefined, { grants: ['delegate:child'] });
    await until(handle.result());
    expect(kernel.agent('child-1').state).toBe('TERMINATED');
    expect((await rejection(kernel.agent('child-1').result())).message).toContain('the real cause');
  });

  it('is not told again to observers when the log is opened again', async () => {
    const agent = defineAgent('main', function* (ctx) {
      yield* ctx.sleep(1);
    });
    const log = new MemoryLogStore();
    const first = await boot({ log, agents: [agent] });
    await first.until(first.kernel.spawn(agent, undefined).result());
    await first.until(first.kernel.stop());
    const seen: string[] = [];
    const observer = { aroundAgentLoop: (info: { agent: string }, next: () => Promise<void>) => (seen.push(info.agent), next()) };
    const second = await boot({ log, agents: [agent], extensions: [{ name: 'watch', observer }] });
    await second.until(second.kernel.spawn(agent, undefined).result());
    expect(seen).toEqual(['main-2']);
  });
});

describe('a parent that is asked to approve', () => {
  it('can not approve what it is not granted itself', async () => {
    const bash = defineTool({ name: 'bash', description: '', input: unchecked<object>(), run: () => 'ran' });
    const child = defineAgent('child', function* (ctx) {
      return yield* ctx.tool(bash, {});
    });
    const parent = defineAgent('parent', function* (ctx) {
      const started = yield* ctx.start(child, undefined);
      const asked = yield* ctx.receive<{ approval: number }>({ channel: 'approval' });
      yield* ctx.decide(asked.body.approval, true);
      return yield* ctx.join(started);
    });
    const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'bash', approver: 'parent' }] as const;
    const config = { agents: [child, parent], tools: [bash], policies };
    const without = await boot(config);
    const refused = await without.rejection(without.kernel.spawn(parent, undefined, { grants: ['delegate:child'] }).result());
    expect(refused).toMatchObject({ code: 'PERMISSION_DENIED', details: { agent: 'parent-1' } });
    const granted = await boot(config);
    expect(await granted.until(granted.kernel.spawn(parent, undefined, { grants: ['delegate:child', 'call:bash'] }).result())).toBe('ran');
    const [decision] = ofKind(await entriesOf(granted.store), 'APPROVAL_DECIDED');
    expect(decision?.data.decider).toMatchObject({ agent: 'parent-1' });
  });
});

describe('a store that throws instead of rejecting', () => {
  it('halts the kernel as one that rejects', async () => {
    const store = new MemoryLogStore();
    const agent = defineAgent('main', function* () {
      yield { op: 'NOOP' };
    });
    const kernel = await createKernel({ log: store, agents: [agent] });
    store.append = () => {
      throw new Error('out of order');
    };
    await expect(kernel.spawn(agent, undefined).result()).rejects.toMatchObject({ code: 'KERNEL_HALTED' });
    await kernel.stop();
  });
});
