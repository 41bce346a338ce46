import { createKernel, defineAgent, type AgentDefinition, type KernelConfig, type MemoryLogStore, type OmniError } from '@omnipaw/kernel';
import { crash, scriptedTool, VirtualTime } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot, rejectionOf } from '../support/index.js';

let time: VirtualTime;
let log: MemoryLogStore;

const look = scriptedTool<object, string>({ name: 'look', idempotent: true, script: () => ({ value: 'seen' }) });
const other = scriptedTool<object, string>({ name: 'other', script: () => ({ value: 'seen' }) });

function seeker(word: string): AgentDefinition<null> {
  return defineAgent<null, unknown>('seeker', function* (ctx) {
    yield* ctx.sleep(10);
    yield* ctx.memory.set('word', word);
    const seen = yield* ctx.tool(look, {});
    return [word, seen];
  }, { version: word });
}
const grants = ['call:*'];

/** An agent is at a tool call when its process dies. */
beforeEach(async () => {
  time = new VirtualTime();
  ({ log } = await crash({ at: { after: 'TOOL_CALLED' }, time, agents: [seeker('old')], tools: [look] }, (kernel) => kernel.spawn(seeker('old'), null, { id: 'seeker', grants }).result()));
});

/** What a kernel rejects with, having changed nothing. */
async function refusal(config: Omit<KernelConfig, 'log'>): Promise<OmniError> {
  const before = Buffer.from(log.bytes()).toString();
  const error = await time.until(rejectionOf(createKernel({ ...config, log }, { ports: time.ports })));
  expect(Buffer.from(log.bytes()).toString()).toBe(before);
  return error;
}

describe('a log is not taken up, and not changed', () => {
  test('without the type of an agent that has not ended', async () => {
    expect(await refusal({ tools: [look] })).toMatchObject({ code: 'AGENT_TYPE_NOT_REGISTERED', message: expect.stringContaining('seeker') as string });
  });

  test('without the tool of a call that is under way', async () => {
    expect(await refusal({ agents: [seeker('old')] })).toMatchObject({ code: 'TOOL_NOT_REGISTERED', message: expect.stringContaining('look') as string });
    expect(await refusal({ agents: [seeker('old')], tools: [other] })).toMatchObject({ code: 'TOOL_NOT_REGISTERED' });
  });

  test('if its agents are not to be taken up, which are then named', async () => {
    const error = await refusal({ agents: [seeker('old')], tools: [look], recover: false });
    expect(error).toMatchObject({ code: 'LOG_NEEDS_RECOVERY', details: { agents: ['seeker'] } });
  });

  test('by a program that does not do what its history says', async () => {
    const error = await refusal({ agents: [seeker('new')], tools: [look] });
    expect(error).toMatchObject({
      code: 'REPLAY_DIVERGENCE',
      details: { agent: 'seeker', tick: 2, busSeq: 5, expected: { kind: 'MEMORY_SET' }, differences: [{ path: '$.value', expected: 'old', actual: 'new' }] },
    });
    expect(error.message).toContain('Run the version of the program that wrote the log, or make the change with ctx.version().');
  });

  test('by one that does more than its history has, at the end of a tick', async () => {
    const eager = defineAgent<null, unknown>('seeker', function* (ctx) {
      return yield* ctx.all([ctx.sleep(10), ctx.tool(look, {})]);
    });
    expect(await refusal({ agents: [eager], tools: [look] })).toMatchObject({ code: 'REPLAY_DIVERGENCE', details: { agent: 'seeker', tick: 1 } });
  });

  test('by one that ends sooner, or throws', async () => {
    const short = defineAgent<null, unknown>('seeker', function* (ctx) {
      yield* ctx.sleep(10);
      return 'enough';
    });
     
    const broken = defineAgent<null, unknown>('seeker', function* () { throw new RangeError('no way'); });
    for (const agent of [short, broken]) expect(await refusal({ agents: [agent], tools: [look] })).toMatchObject({ code: 'REPLAY_DIVERGENCE', details: { agent: 'seeker' } });
  });
});

test('after a refusal the program that wrote the log goes on', async () => {
  await refusal({ agents: [seeker('new')], tools: [look] });
  const { kernel, until } = await boot({ log, time, agents: [seeker('old')], tools: [look] });
  expect(await until(kernel.agent('seeker').result())).toEqual(['old', 'seen']);
});

test('a log whose agents have all ended is taken up by anybody', async () => {
  const { kernel, until } = await boot({ log, time, agents: [seeker('old')], tools: [look] });
  await until(kernel.agent('seeker').result());
  await until(kernel.stop());
  const next = await boot({ log, time, recover: false });
  expect(await next.until(next.kernel.agent('seeker').result())).toEqual(['old', 'seen']);
});

describe('an observer', () => {
  test('is around the whole of what is left of an agent that goes on, and around nothing that is history', async () => {
    const seen: unknown[] = [];
    const { kernel, until } = await boot({
      log, time, agents: [seeker('old')], tools: [look],
      extensions: [{
        name: 'watch',
        observer: {
          aroundAgentLoop: async ({ agent, type, parent }, next) => {
            seen.push(['begins', agent, type, parent]);
            await next();
            seen.push(['ends', agent]);
          },
          aroundTick: ({ tick }, next) => {
            seen.push(['tick', tick]);
            next();
          },
          aroundToolCall: async ({ tick, attempt }, next) => {
            seen.push(['tool', tick, attempt]);
            await next();
          },
        },
      }],
    });
    await until(kernel.agent('seeker').result());
    await until(kernel.stop());
    expect(seen).toEqual([['begins', 'seeker', 'seeker', null], ['tool', 2, 1], ['tick', 3], ['ends', 'seeker']]);
  });
});
