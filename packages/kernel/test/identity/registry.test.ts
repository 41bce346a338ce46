import { AgentRegistry, defineAgent, type Entry } from '@omnipaw/kernel';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot } from '../support/index.js';

const idle = defineAgent('idle', function* (ctx) {
  yield* ctx.receive();
});
const boss = defineAgent('boss', function* (ctx, ids: (string | null)[]) {
  const children: string[] = [];
  for (const id of ids) {
    const { agent } = yield* ctx.start(idle, null, id === null ? {} : { id });
    children.push(agent);
  }
  yield* ctx.receive();
  return children;
});

describe('AgentRegistry', () => {
  let registry: AgentRegistry<{ type: string }>;
  const spawned = (agent: string, parent: string | null = null, time = 5): Entry =>
    ({ kind: 'AGENT_SPAWNED', agent, time, data: { type: 'reader', parent, quota: { maxTicks: 5 }, metadata: {} } }) as unknown as Entry;

  beforeEach(() => {
    registry = new AgentRegistry();
  });

  test('takes a type once, with a plain name', () => {
    registry.register({ type: 'reader' });
    expect(() => { registry.register({ type: 'reader' }); }).toThrow(expect.objectContaining({ code: 'ALREADY_REGISTERED' }));
    for (const type of ['', 'a b', 'a"b', 'a\nb', '../x', '-x', 'x'.repeat(129)]) {
      expect(() => { registry.register({ type }); }).toThrow(TypeError);
    }
    for (const type of [undefined, 5, ['reader'], { toString: () => 'reader' }]) {
      expect(() => { registry.register({ type: type as never }); }).toThrow(TypeError);
    }
  });

  test('names what is registered when a type is not', () => {
    expect(() => registry.definition('writer')).toThrow(expect.objectContaining({ message: expect.stringContaining('Registered types: none') }));
    registry.register({ type: 'reader' });
    expect(() => registry.definition('writer')).toThrow(expect.objectContaining({ code: 'AGENT_TYPE_NOT_REGISTERED', message: expect.stringContaining('reader') }));
    expect(() => registry.definition('__proto__')).toThrow();
  });

  test('knows every agent by a frozen identity, and its children in order', () => {
    registry.apply(spawned('reader-1'));
    registry.apply(spawned('reader-2', 'reader-1'));
    registry.apply(spawned('reader-3', 'reader-1'));
    const identity = registry.get('reader-1');
    expect(identity).toEqual({ id: 'reader-1', type: 'reader', parent: null, createdAt: 5, quota: { maxTicks: 5 }, metadata: {} });
    expect(Object.isFrozen(identity)).toBe(true);
    expect(registry.childrenOf('reader-1')).toEqual(['reader-2', 'reader-3']);
    expect(() => registry.get('reader-9')).toThrow(expect.objectContaining({ code: 'AGENT_NOT_FOUND', message: expect.stringContaining('reader-1') }));
  });

  test('takes nobody twice, nor a child whose parent is not there', () => {
    registry.apply(spawned('reader-1'));
    for (const birth of [spawned('reader-1'), spawned('reader-2', 'reader-2'), spawned('reader-2', 'reader-3')]) {
      expect(() => { registry.apply(birth); }).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
    }
    expect([...registry.all()].map(({ id }) => id)).toEqual(['reader-1']);
  });

  test('gives ids that are free', () => {
    expect(registry.nextId('reader')).toBe('reader-1');
    registry.apply(spawned('reader-2'));
    expect(registry.nextId('reader')).toBe('reader-3');
    registry.apply(spawned('reader-1'));
    expect(registry.nextId('reader')).toBe('reader-3');
  });
});

describe('an agent of a kernel', () => {
  test('gets an id of its type and number, or the one that is asked for', async () => {
    const { kernel, until } = await boot({ agents: [boss, idle] });
    const handle = kernel.spawn(boss, [null, 'my.own_id-7', null], { grants: ['delegate:idle'] });
    kernel.send(handle.id, 'enough');
    expect(await until(handle.result())).toEqual(['idle-1', 'my.own_id-7', 'idle-3']);
  });

  test.each([['twice', 'boss-1'], ['with quotes', 'a","kind":"EVIL'], ['with a newline', 'a\nb'], ['empty', ''], ['too long', 'x'.repeat(129)], ['with a slash', '../up'], ['of prototypes', '__proto__']])(
    'has no id that is %s', async (_name, id) => {
      const { kernel, rejection } = await boot({ agents: [boss, idle] });
      const error = await rejection(kernel.spawn(boss, [id], { grants: ['delegate:idle'] }).result());
      expect(['AGENT_ALREADY_EXISTS', 'INVALID_INSTRUCTION']).toContain(error.code);
      expect(() => kernel.spawn(idle, null, { id })).toThrow();
      expect(kernel.snapshot().agents.map((agent) => agent.id)).toEqual(['boss-1']);
    },
  );

  test('has an identity that its program can not change', async () => {
    const vain = defineAgent('vain', function* (ctx) {
      const attempts = [
        () => Object.assign(ctx.agent, { id: 'king' }),
        () => Object.assign(ctx.agent.metadata, { crown: true }),
        () => Object.assign(ctx.agent.quota, { maxTicks: Infinity }),
      ];
      const refused = attempts.filter((attempt) => {
        try {
          attempt();
          return false;
        } catch {
          return true;
        }
      });
      yield* ctx.memory.set('id', ctx.agent.id);
      return refused.length;
    });
    const { kernel, until } = await boot({ agents: [vain] });
    expect(await until(kernel.spawn(vain, null, { metadata: { hat: 'none' }, quota: { maxTicks: 3 } }).result())).toBe(3);
    expect(kernel.snapshot().agents[0]).toMatchObject({ id: 'vain-1', memory: { id: 'vain-1' }, metadata: { hat: 'none' }, quota: { maxTicks: 3 } });
  });
});
