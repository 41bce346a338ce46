import {
  defineAgent,
  nextState,
  type AgentHandle,
  type LifecycleState,
  type LifecycleTrigger,
  type MemoryLogStore,
  type OmniKernel,
} from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, ofKind, type Booted } from '../support/index.js';

const sleeper = defineAgent('sleeper', function* (ctx, ms: number) {
  yield* ctx.sleep(ms);
  return 'rested';
});
const listener = defineAgent('listener', function* (ctx) {
  for (;;) {
    const { body } = yield* ctx.receive();
    if (body === 'stop') return 'stopped';
    if (body === 'fail') throw new Error('as told');
  }
});
/** Two of them keep each other busy, turn after turn. */
const player = defineAgent('player', function* (ctx, partner: string | null) {
  if (partner !== null) yield* ctx.send(partner, 'your turn');
  for (;;) {
    const { from } = yield* ctx.receive();
    yield* ctx.send(from!, 'your turn');
  }
});

type Kernel = Booted<MemoryLogStore>;

/** An agent in each state that can be seen from outside: SPAWNED and COMPLETING last no longer than a command. */
const REACHABLE: Record<string, (kernel: Kernel) => AgentHandle | Promise<AgentHandle>> = {
  ACTIVE: ({ kernel }) => {
    kernel.spawn(player, null, { grants: ['send:*'] });
    kernel.spawn(player, 'player-1', { grants: ['send:*'] });
    // The scheduler gave way to the event loop in the middle of their game: one of them is about to run.
    const [active] = ['player-1', 'player-2'].map((id) => kernel.agent(id)).filter(({ state }) => state === 'ACTIVE');
    return active!;
  },
  WAITING: ({ kernel }) => kernel.spawn(sleeper, 1000),
  RESUMABLE: ({ kernel }) => {
    const handle = kernel.spawn(sleeper, 1000);
    kernel.suspend(handle.id);
    return handle;
  },
  FAULTED: ({ kernel }) => {
    const handle = kernel.spawn(listener, null);
    kernel.send(handle.id, 'fail');
    return handle;
  },
  TERMINATED: ({ kernel }) => {
    const handle = kernel.spawn(listener, null);
    kernel.send(handle.id, 'stop');
    return handle;
  },
};

const COMMANDS: Partial<Record<LifecycleTrigger, (kernel: OmniKernel, agent: string) => void>> = {
  suspend: (kernel, agent) => { kernel.suspend(agent, 'because'); },
  resume: (kernel, agent) => { kernel.resume(agent, 'because'); },
  abandon: (kernel, agent) => { kernel.abandon(agent, 'because'); },
};

describe('from each state that can be seen, each trigger that a person has', () => {
  const pairs = Object.keys(REACHABLE).flatMap((from) => Object.keys(COMMANDS).map((trigger) => [from, trigger] as [LifecycleState, LifecycleTrigger]));

  test.each(pairs)('%s %s', async (from, trigger) => {
    const booted = await boot({ agents: [sleeper, listener, player] });
    const { kernel, until, store } = booted;
    const handle = await REACHABLE[from]!(booted);
    expect(handle.state).toBe(from);
    const to = nextState(from, trigger);
    const command = (): void => { COMMANDS[trigger]!(kernel, handle.id); };
    if (to === undefined) expect(command).toThrow(expect.objectContaining({ code: 'INVALID_TRANSITION' }));
    else command();
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'TRANSITION_REFUSED').map(({ agent, data }) => ({ agent, ...data }))).toEqual(
      to === undefined ? [{ agent: handle.id, from, trigger, reason: 'because' }] : [],
    );
    if (to === undefined) expect(handle.state).toBe(from);
    else {
      const moves = entries.flatMap(({ agent, data }) => (agent === handle.id && 'transition' in data ? [data.transition] : []));
      expect(moves).toContainEqual({ trigger, to });
    }
  });

  test.each(Object.keys(REACHABLE))('%s, and a revocation ends it', async (from) => {
    const booted = await boot({ agents: [sleeper, listener, player] });
    const handle = await REACHABLE[from]!(booted);
    booted.kernel.revoke(handle.id, 'enough');
    expect(handle.state).toBe('TERMINATED');
    await booted.until(booted.kernel.flush());
    const entries = await entriesOf(booted.store);
    expect(ofKind(entries, 'TOKEN_REVOKED').filter(({ agent }) => agent === handle.id)).toHaveLength(from === 'TERMINATED' ? 0 : 1);
  });

  test('an agent that was never spawned is AGENT_NOT_FOUND, and nothing is recorded of it', async () => {
    const { kernel, until, store } = await boot({ agents: [sleeper] });
    for (const command of Object.values(COMMANDS)) {
      expect(() => { command(kernel, 'sleeper-1'); }).toThrow(expect.objectContaining({ code: 'AGENT_NOT_FOUND' }));
    }
    await until(kernel.flush());
    expect(await entriesOf(store)).toHaveLength(1);
  });
});

describe('a suspended agent', () => {
  test('runs no tick, keeps what arrives, and goes on with it when it is resumed', async () => {
    const { kernel, until, time } = await boot({ agents: [sleeper] });
    const handle = kernel.spawn(sleeper, 100);
    kernel.suspend(handle.id);
    await time.advance(1000);
    expect(handle.state).toBe('RESUMABLE');
    expect(kernel.agentSnapshot(handle.id).waitingFor).toEqual([]);
    kernel.resume(handle.id);
    expect(await until(handle.result())).toBe('rested');
  });

  test('waits on when it is resumed before what it waits for has come', async () => {
    const { kernel, until, time } = await boot({ agents: [sleeper] });
    const handle = kernel.spawn(sleeper, 100);
    kernel.suspend(handle.id);
    await time.advance(50);
    kernel.resume(handle.id);
    expect(handle.state).toBe('WAITING');
    await time.advance(49);
    expect(handle.state).toBe('WAITING');
    expect(await until(handle.result())).toBe('rested');
  });

  test('while it was about to run, runs once it is resumed', async () => {
    const booted = await boot({ agents: [sleeper, listener, player] });
    const { kernel, time } = booted;
    const handle = await REACHABLE['ACTIVE']!(booted);
    kernel.suspend(handle.id);
    await time.settle();
    // Its partner waits for it in vain.
    expect(kernel.snapshot().agents.map(({ state }) => state).sort()).toEqual(['RESUMABLE', 'WAITING']);
    kernel.resume(handle.id);
    expect(kernel.snapshot().agents.map(({ state }) => state)).toContain('ACTIVE');
  });

  test('is ended when its token expires', async () => {
    const { kernel, time, store, until } = await boot({ agents: [sleeper] });
    const handle = kernel.spawn(sleeper, 1000, { expiresInMs: 100 });
    kernel.suspend(handle.id);
    await time.advance(200);
    expect(handle.state).toBe('TERMINATED');
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'AGENT_TERMINATED')).toMatchObject([{ data: { reason: 'expire' } }]);
  });
});

test('whatever a person orders in whatever order, the state is what the table says, and the log has every refusal', async () => {
  const order = fc.constantFrom('suspend', 'resume', 'abandon', 'fail', 'stop', 'chat', 'revoke');
  await fc.assert(
    fc.asyncProperty(fc.array(order, { maxLength: 12 }), async (orders) => {
      const { kernel, until, store } = await boot({ agents: [listener] });
      const handle = kernel.spawn(listener, null);
      let refusals = 0;
      for (const name of orders) {
        const before = handle.state;
        const trigger = name as LifecycleTrigger;
        if (name in COMMANDS) {
          const to = nextState(before, trigger);
          const command = (): void => { COMMANDS[trigger]!(kernel, handle.id); };
          if (to === undefined) {
            refusals++;
            expect(command).toThrow(expect.objectContaining({ code: 'INVALID_TRANSITION' }));
            expect(handle.state).toBe(before);
          } else command();
        } else if (name === 'revoke') kernel.revoke(handle.id, '');
        else if (before !== 'TERMINATED') kernel.send(handle.id, name);
      }
      await until(kernel.flush());
      const entries = await entriesOf(store);
      expect(ofKind(entries, 'TRANSITION_REFUSED')).toHaveLength(refusals);
      let state: LifecycleState = 'DEFINED';
      for (const { data } of entries) {
        if (!('transition' in data)) continue;
        expect(nextState(state, data.transition.trigger)).toBe(data.transition.to);
        state = data.transition.to;
      }
      expect(state).toBe(handle.state);
      await kernel.stop();
    }),
    { numRuns: 200 },
  );
}, 60_000);
