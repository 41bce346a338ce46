import type { OmniError, KernelConfig, OmniKernel, StandardSchema} from '@omnipaw/kernel';
import { defineAgent, defineTool, unchecked } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf } from '../support/index.js';

/** The kernel that is under attack, for code that it calls itself. */
let victim: OmniKernel;
/** What each attempt from inside came to. */
let attempts: string[] = [];

const idler = defineAgent('idler', function* (ctx) {
  yield* ctx.receive();
  return 'idled';
});

const COMMANDS: Record<string, () => void> = {
  spawn: () => { victim.spawn(idler, null); },
  send: () => { victim.send('idler-1', 'psst'); },
  decide: () => { victim.decide(1, { approved: true }); },
  suspend: () => { victim.suspend('idler-1'); },
  resume: () => { victim.resume('idler-1'); },
  revoke: () => { victim.revoke('idler-1', 'from inside'); },
  abandon: () => { victim.abandon('idler-1'); },
};

function attempt(): void {
  for (const [name, command] of Object.entries(COMMANDS)) {
    try {
      command();
      attempts.push(`${name} went through`);
    } catch (error) {
      attempts.push((error as OmniError).code);
    }
  }
}

const echo = defineTool({ name: 'echo', description: 'echoes', input: unchecked<{ text: string }>(), run: async ({ text }) => text });
const sly: StandardSchema<{ text: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      attempt();
      return { value: value as { text: string } };
    },
  },
};
const slyTool = defineTool({ name: 'sly', description: 'checks slyly', input: sly, run: async ({ text }) => text });

const worker = defineAgent('worker', function* (ctx, how: string) {
  if (how === 'program') attempt();
  if (how === 'getter') yield { get op() { attempt(); return 'NOOP'; } } as never;
  yield* ctx.memory.set('at', 1);
  if (how === 'result getter') return Object.defineProperty({}, 'text', { enumerable: true, get: () => (attempt(), 'hi') });
  return yield* ctx.tool(how === 'schema' ? slyTool : echo, { text: 'hi' });
});

const SEAMS: Record<string, Partial<KernelConfig>> = {
  program: {},
  getter: {},
  'result getter': {},
  schema: {},
  subscriber: {},
  guard: { extensions: [{ name: 'inside', guard: { review: () => (attempt(), undefined) } }] },
  projection: { extensions: [{ name: 'inside', projection: { apply: ({ kind }) => { if (kind !== 'LOG_OPENED') attempt(); } } }] },
  aroundTick: { extensions: [{ name: 'inside', observer: { aroundTick: attempt } }] },
  aroundAgentLoop: { extensions: [{ name: 'inside', observer: { aroundAgentLoop: async () => { attempt(); } } }] },
};

describe('a command from inside an entry or a tick is KERNEL_BUSY and changes nothing', () => {
  test.each(Object.entries(SEAMS))('%s', async (how, config) => {
    const { kernel, until } = await boot({ ...config, agents: [worker, idler], tools: [echo, slyTool] });
    attempts = [];
    victim = kernel;
    const idle = kernel.spawn(idler, null);
    if (how === 'subscriber') kernel.subscribe(attempt);
    const result = await until(kernel.spawn(worker, how, { grants: ['call:*'] }).result());
    expect(result).toEqual(how === 'result getter' ? { text: 'hi' } : 'hi');
    expect(new Set(attempts)).toEqual(new Set(['KERNEL_BUSY']));
    expect(idle.state).toBe('WAITING');
    expect(kernel.snapshot().agents.map(({ id }) => id)).toEqual(['idler-1', 'worker-1']);
  });

  test('and inside another command', async () => {
    const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: '*' }] as const;
    const { kernel, until } = await boot({ agents: [worker, idler], tools: [echo, slyTool], policies });
    victim = kernel;
    kernel.spawn(idler, null);
    const asking = kernel.spawn(worker, 'schema', { grants: ['call:*'] });
    attempts = [];
    // Carries the call out, and so asks the schema, in the middle of the command.
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    expect(await until(asking.result())).toBe('hi');
    expect(new Set(attempts)).toEqual(new Set(['KERNEL_BUSY']));
  });

  test('and is reported like anything that a subscriber throws', async () => {
    const { kernel, until, problems } = await boot({ agents: [idler] });
    kernel.subscribe(({ kind }) => { if (kind === 'AGENT_SPAWNED') kernel.send('idler-1', 'too early'); });
    const idle = kernel.spawn(idler, null);
    kernel.send('idler-1', 'now');
    expect(await until(idle.result())).toBe('idled');
    expect(problems.map(({ code }) => code)).toEqual(['KERNEL_BUSY']);
  });
});

describe('a command from outside is taken', () => {
  test('in a turn of its own, though a subscriber asked for it', async () => {
    const { kernel, until, rejection, store } = await boot({ agents: [worker], tools: [echo] });
    kernel.subscribe(({ kind, agent }) => {
      if (kind === 'TOOL_CALLED') queueMicrotask(() => { kernel.revoke(agent!, 'seen enough'); });
    });
    const handle = kernel.spawn(worker, 'nothing', { grants: ['call:echo'] });
    expect((await rejection(handle.result())).code).toBe('TOKEN_INVALID');
    await until(kernel.flush());
    expect(kindsOf(await entriesOf(store))).not.toContain('TOOL_RESULT');
  });

  test('from a running tool, which is outside', async () => {
    const caller = defineTool({
      name: 'caller', description: 'gives commands', input: unchecked<object>(),
      run: (): string => {
        kernel.send('idler-1', 'from a tool');
        return kernel.spawn(idler, null).id;
      },
    });
    const user = defineAgent('user', function* (ctx) {
      return yield* ctx.tool(caller, {});
    });
    const { kernel, until } = await boot({ agents: [user, idler], tools: [caller] });
    const idle = kernel.spawn(idler, null);
    expect(await until(kernel.spawn(user, null, { grants: ['call:caller'] }).result())).toBe('idler-2');
    expect(await until(idle.result())).toBe('idled');
  });

  test('and subscribers see every entry in the order of the log, with the line that was stored', async () => {
    const { kernel, until, store } = await boot({ agents: [worker], tools: [echo] });
    const seen: number[] = [];
    const lines: string[] = [];
    kernel.subscribe(() => {
      throw new Error('a bad subscriber');
    });
    kernel.subscribe(({ busSeq }, line) => {
      seen.push(busSeq);
      lines.push(line);
    });
    await until(kernel.spawn(worker, 'nothing', { grants: ['call:echo'] }).result());
    await until(kernel.flush());
    expect(seen).toEqual(seen.map((_, index) => index + 1));
    expect(new TextDecoder().decode(store.bytes())).toContain(lines.join(''));
  });

  test('and a subscriber that has unsubscribed is told no more', async () => {
    const { kernel } = await boot({ agents: [idler] });
    let count = 0;
    const stop = kernel.subscribe(() => { count++; });
    kernel.spawn(idler, null);
    const told = count;
    stop();
    kernel.spawn(idler, null);
    expect(told).toBeGreaterThan(0);
    expect(count).toBe(told);
  });
});

describe('a wrong argument', () => {
  test('of a decision is a TypeError, and decides nothing', async () => {
    const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: '*' }] as const;
    const { kernel } = await boot({ agents: [worker], tools: [echo], policies });
    kernel.spawn(worker, 'nothing', { grants: ['call:*'] });
    const { id } = kernel.approvals()[0]!;
    for (const wrong of ['false', 1, null, undefined]) {
      expect(() => { kernel.decide(id, { approved: wrong as never }); }).toThrow(TypeError);
    }
    expect(() => { kernel.decide(id, { approved: true, reason: 5 as never }); }).toThrow(TypeError);
    expect(() => { kernel.decide(id, { approved: true }, { toJSON: () => 'me' } as never); }).toThrow(TypeError);
    expect(kernel.approvals()).toHaveLength(1);
  });

  test('of a message is a TypeError', async () => {
    const { kernel } = await boot({ agents: [idler] });
    kernel.spawn(idler, null);
    expect(() => { kernel.send('idler-1', 'x', { toJSON: () => 'default' } as never); }).toThrow(TypeError);
  });

  test('names what there is when an agent, a type or an approval is not there', async () => {
    const { kernel } = await boot({ agents: [idler] });
    kernel.spawn(idler, null);
    expect(() => kernel.agent('nobody')).toThrow(expect.objectContaining({ code: 'AGENT_NOT_FOUND', message: expect.stringContaining('idler-1') }));
    expect(() => kernel.spawn(worker, '')).toThrow(expect.objectContaining({ code: 'AGENT_TYPE_NOT_REGISTERED', message: expect.stringContaining('idler') }));
    expect(() => { kernel.decide(99, { approved: true }); }).toThrow(expect.objectContaining({ code: 'APPROVAL_NOT_FOUND' }));
    expect(() => { kernel.send('nobody', 1); }).toThrow(expect.objectContaining({ code: 'DEAD_LETTER' }));
    expect(() => { kernel.suspend('nobody'); }).toThrow(expect.objectContaining({ code: 'AGENT_NOT_FOUND' }));
    expect(() => { kernel.revoke('nobody', ''); }).toThrow(expect.objectContaining({ code: 'AGENT_NOT_FOUND' }));
  });
});
