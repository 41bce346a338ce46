/**
 * Random programs, tools that fail at random, and operators who interfere at random moments.
 *
 * A program is a script: instructions as JSON, which an interpreter yields one after the other. Everything that happens
 * is decided by the scenario and the seed, so that the same scenario gives the same log.
 */
import {
  defineAgent,
  defineTool,
  nodePorts,
  OmniError,
  unchecked,
  type AgentContext,
  type AgentDefinition,
  type Extension,
  type Instruction,
  type Outcome,
  type Policy,
  type Tool,
} from '@omnipaw/kernel';
import * as fc from 'fast-check';
import type { VirtualTime } from '../support/index.js';

export const TOOLS = ['echo', 'soon', 'slow', 'flaky', 'fails', 'hangs', 'junk'] as const;
export const AGENTS = ['worker', 'robot'] as const;
const IDS = ['worker-1', 'worker-2', 'worker-3', 'robot-1', 'robot-2', 'robot-3'];
const KEYS = ['a', 'b', '__proto__'];
const CHANNELS = ['default', 'news'];

/** All that a grant in these scenarios may be for. */
export const RESOURCES: readonly string[] = [
  ...TOOLS, ...AGENTS, ...IDS, ...KEYS.flatMap((key) => [`shared:team/${key}`, `shared:other/${key}`]),
];
export const MAX_STEPS = 40;

/** An instruction, or one of the few things that only an interpreter can do. */
export type Step =
  | Instruction
  | { readonly op: 'JOIN_LAST' | 'DECIDE_ASKED' | 'WRITE_SEEN' | 'LOOP' }
  | { readonly op: 'THROW'; readonly thrown: unknown };
export interface Script {
  readonly steps: readonly Step[];
  /** Whether it goes on after an error. */
  readonly isTough: boolean;
}

export interface Order {
  readonly afterMs: number;
  readonly command: 'spawn' | 'send' | 'suspend' | 'resume' | 'revoke' | 'abandon' | 'approve' | 'deny';
  /** Which agent it is about: a number in the order of their spawns, as often around as it takes. */
  readonly target: number;
  readonly script: Script;
}

export interface Scenario {
  readonly seed: string;
  readonly roots: readonly { readonly type: (typeof AGENTS)[number]; readonly script: Script; readonly grants: readonly string[]; readonly expiresInMs: number | null }[];
  readonly orders: readonly Order[];
  readonly policies: readonly Policy[];
  readonly maxConcurrentToolCalls: number;
  readonly maxMailboxMessages: number;
  /** Every so many proposals, the guard says something. */
  readonly guardEvery: number;
}

// Arbitraries

const tool = fc.oneof({ arbitrary: fc.constantFrom(...TOOLS), weight: 9 }, { arbitrary: fc.constant('unknown'), weight: 1 });
const key = fc.constantFrom(...KEYS);
const value = fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.parse(JSON.stringify(json).replaceAll('-0', '0')) as unknown);
const receiver = fc.constantFrom('worker-1', 'worker-1', 'robot-1', 'worker-2', 'robot-2', 'nobody');
const ms = fc.integer({ min: 0, max: 40 });
const patienceMs = fc.integer({ min: 0, max: 150 });
const grants = fc.array(
  fc.constantFrom(
    'call:*', 'call:s*', 'call:echo', 'call:flaky', 'call:hangs', 'read:shared:team/**', 'read:shared:**', 'write:shared:*/a', 'write:shared:team/*',
    'delegate:*', 'delegate:robot', 'send:*', 'send:worker-*',
  ),
  { maxLength: 6 },
);
const everything = ['call:*', 'read:**', 'write:shared:**', 'delegate:*', 'send:*'];

const callTool = fc.record({ op: fc.constant('CALL_TOOL' as const), tool, args: fc.record({ n: fc.integer({ min: 0, max: 9 }) }) });
const memory: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant('WRITE' as const), store: fc.constantFrom('persistent' as const, 'ephemeral' as const), key, value }),
  fc.record({ op: fc.constant('WRITE' as const), store: fc.constant('persistent' as const), key }),
  fc.record({ op: fc.constant('READ' as const), store: fc.constantFrom('persistent' as const, 'ephemeral' as const), key }),
  fc.record({ op: fc.constant('READ' as const), store: fc.constant('shared' as const), namespace: fc.constantFrom('team', 'other'), key }),
  fc.record({ op: fc.constant('WRITE' as const), store: fc.constant('shared' as const), namespace: fc.constantFrom('team', 'other'), key, value, expectedVersion: fc.integer({ min: 0, max: 3 }) }),
  fc.constant({ op: 'WRITE_SEEN' as const }),
);
const message: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant('SEND' as const), to: receiver, body: value, channel: fc.constantFrom(...CHANNELS) }),
  fc.record({ op: fc.constant('RECEIVE' as const), timeoutMs: patienceMs }),
  fc.record({ op: fc.constant('RECEIVE' as const), timeoutMs: patienceMs, channel: fc.constantFrom(...CHANNELS, 'approval') }),
  fc.record({ op: fc.constant('SLEEP' as const), ms }),
  fc.constant({ op: 'DECIDE_ASKED' as const }),
);
const odd: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>({ op: 'NOOP' }, { op: 'LOOP' }, { op: 'JOIN_LAST' }, { op: 'RETURN', value: 'early' }, { op: 'FLY' } as never, { op: 'JOIN', agent: 'worker-1' }, null as never),
  fc.record({ op: fc.constant('THROW' as const), thrown: fc.constantFrom('a string', 7) }),
);

function mostly(one: boolean): fc.Arbitrary<boolean> {
  return fc.oneof({ arbitrary: fc.constant(one), weight: 5 }, { arbitrary: fc.constant(!one), weight: 1 });
}

/** Scripts that delegate scripts, three deep. */
const { script } = fc.letrec<{ script: Script; step: Step }>((tie) => ({
  script: fc.record({ steps: fc.array(tie('step'), { maxLength: 10, size: 'max' }), isTough: mostly(true) }),
  step: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    { arbitrary: fc.oneof(callTool, memory, message), weight: 7 },
    { arbitrary: odd, weight: 1 },
    { arbitrary: fc.record({ op: fc.constant('ALL' as const), of: fc.array(fc.oneof(callTool, memory, message).filter(isPlain), { maxLength: 4, size: 'max' }) }), weight: 2 },
    {
      arbitrary: fc.record({
        op: fc.constant('DELEGATE' as const),
        type: fc.constantFrom(...AGENTS, ...AGENTS, ...AGENTS, 'unknown'),
        input: tie('script'),
        join: fc.boolean(),
        options: fc.record(
          { grants, depth: fc.integer({ min: 0, max: 2 }), expiresInMs: patienceMs, quota: fc.record({ maxTicks: fc.integer({ min: 0, max: 4 }) }) },
          { requiredKeys: ['grants'] },
        ),
      }),
      weight: 2,
    },
  ),
}));

function isPlain(step: Step): step is Instruction {
  return !['JOIN_LAST', 'DECIDE_ASKED', 'WRITE_SEEN', 'LOOP', 'THROW'].includes(step.op);
}

const policy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constantFrom('p1', 'p2'),
  effect: fc.constantFrom('DENY' as const, 'ESCALATE' as const, 'ESCALATE' as const, 'ESCALATE' as const, 'ALLOW' as const),
  action: fc.constantFrom('call' as const, 'read' as const, 'write' as const, 'delegate' as const, 'send' as const, '*' as const),
  resource: fc.constantFrom('slow', 'echo', 'robot', 'shared:team/**', 's*', '**'),
  approver: fc.constantFrom('parent' as const, 'operator' as const),
  timeoutMs: fc.integer({ min: 1, max: 150 }),
});

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.string({ minLength: 1, maxLength: 4 }),
  roots: fc.array(
    fc.record({ type: fc.constantFrom(...AGENTS), script, grants: fc.oneof({ arbitrary: fc.constant(everything), weight: 4 }, { arbitrary: grants, weight: 1 }), expiresInMs: fc.oneof({ arbitrary: fc.constant(null), weight: 4 }, { arbitrary: fc.integer({ min: 0, max: 80 }), weight: 1 }) }),
    { minLength: 1, maxLength: 4, size: 'max' },
  ),
  orders: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 30 }),
      command: fc.constantFrom<Order['command']>('spawn', 'send', 'send', 'send', 'suspend', 'resume', 'resume', 'revoke', 'abandon', 'approve', 'approve', 'approve', 'deny'),
      target: fc.nat({ max: 20 }),
      script,
    }),
    { maxLength: 12, size: 'max' },
  ),
  policies: fc.oneof(fc.constant([]), fc.array(policy, { minLength: 1, maxLength: 3 })),
  maxConcurrentToolCalls: fc.constantFrom(1, 2, 100),
  maxMailboxMessages: fc.constantFrom(1, 3, 100),
  guardEvery: fc.constantFrom(0, 0, 0, 7, 11),
});

// Interpreters

/** What an interpreter keeps in mind of what happened to it. */
class Mind {
  lastChild = 'nobody';
  lastApproval = -1;
  lastVersion = 0;

  /** The instruction behind a step; throws for the steps that are to throw. */
  instructionOf(step: Step): Instruction {
    switch ((step as Step | null)?.op) {
      case 'JOIN_LAST':
        return { op: 'JOIN', agent: this.lastChild };
      case 'DECIDE_ASKED':
        return { op: 'DECIDE', approval: this.lastApproval, approved: true };
      case 'WRITE_SEEN':
        return { op: 'WRITE', store: 'shared', namespace: 'team', key: 'a', value: this.lastVersion, expectedVersion: this.lastVersion };
      case 'THROW':
        throw (step as Step & { op: 'THROW' }).thrown;
      default:
        return step as Instruction;
    }
  }

  notice(step: Step, result: unknown): void {
    if (step.op === 'DELEGATE' && step.join !== true) this.lastChild = result as string;
    const { version, body } = (typeof result === 'object' && result !== null ? result : {}) as { version?: number; body?: { approval?: number } };
    if (step.op === 'READ' && version !== undefined) this.lastVersion = version;
    if (step.op === 'RECEIVE' && typeof body?.approval === 'number') this.lastApproval = body.approval;
  }
}

/** Interprets a script as a generator. */
const worker = defineAgent('worker', function* (ctx, { steps, isTough }: Script): Generator<Instruction, unknown> {
  const mind = new Mind();
  const seen: unknown[] = [];
  for (const step of steps) {
    try {
      do {
        const result: unknown = yield mind.instructionOf(step);
        mind.notice(step, result);
        seen.push(typeof result);
      } while (step.op === 'LOOP');
    } catch (error) {
      seen.push(error instanceof OmniError ? error.code : String(error));
      if (!isTough) throw error;
    }
  }
  return { seen, chance: [ctx.random(), ctx.uuid(), ctx.now()] };
});

/** Interprets a script as a function from what happened to what comes next. */
const minds = new WeakMap<object, { readonly mind: Mind; at: number }>();
const robot = defineAgent<Script, unknown>('robot', {
  evalInstruction: (previous: { readonly outcome: Outcome } | undefined, context: AgentContext<never>, { steps, isTough }: Script): Instruction => {
    const known = minds.get(context) ?? { mind: new Mind(), at: 0 };
    minds.set(context, known);
    const done = steps[known.at - 1];
    if (done !== undefined && previous?.outcome.ok === true) known.mind.notice(done, previous.outcome.value);
    if (previous?.outcome.ok === false && !isTough) return { op: 'RETURN', value: previous.outcome.error.code };
    const step = steps[known.at];
    if (step === undefined) return { op: 'RETURN', value: [context.random(), context.uuid(), context.now()] };
    if ((step as Step | null)?.op !== 'LOOP') known.at++;
    return known.mind.instructionOf(step);
  },
});

export const PROGRAMS: Readonly<Record<(typeof AGENTS)[number], AgentDefinition<Script>>> = { worker, robot };

/** Tools that answer well, late, badly or not at all, as their key decides. */
export function toolsIn(time: VirtualTime): Tool[] {
  const bit = (text: string): number => Number.parseInt(nodePorts.codec.sha256(text).slice(0, 2), 16);
  const define = (name: (typeof TOOLS)[number], run: (args: { n: number }, key: string) => unknown, options: object = {}): Tool =>
    defineTool({
      name, description: name, input: unchecked<{ n: number }>(), ...options,
      run: (args, { idempotencyKey, attempt }) => run(args, `${idempotencyKey}/${attempt}`),
    });
  return [
    define('echo', ({ n }) => ({ n })),
    define('soon', async ({ n }) => n),
    define('slow', async ({ n }) => {
      await time.sleep(n * 5);
      return 'slow';
    }),
    define('flaky', async (_args, key) => {
      if (bit(key) % 3 > 0) throw new OmniError('FLAKY', 'try again', { failureClass: 'TRANSIENT' });
      return 'at last';
    }, { retry: { limit: 2, backoffMs: 7 } }),
    define('fails', ({ n }) => {
      throw n % 2 === 0 ? 'a string' : new Error('an error');
    }),
    define('hangs', ({ n }) => (n > 5 ? time.sleep(200).then(() => 'too late') : new Promise(() => {})), { timeoutMs: 15, idempotent: true, retry: { limit: 1, backoffMs: 1 } }),
    define('junk', ({ n }) => [new Date(0), () => n, Number.NaN, undefined, { n: -0 }][n % 5]),
  ];
}

declare module '@omnipaw/kernel' {
  interface EntryCatalogue {
    SCENARIO_WARNED: { readonly count: number };
  }
}

/** A guard that has something to say now and then, as the number of entries so far decides: the log alone, that is. */
export function guardOf({ guardEvery }: Scenario): Extension[] {
  if (guardEvery === 0) return [];
  let count = 0;
  const projection = { apply: (): void => { count++; } };
  const review = (): ReturnType<NonNullable<Extension['guard']>['review']> => {
    if (count % guardEvery !== 0) return undefined;
    const record = { kind: 'SCENARIO_WARNED', data: { count } } as const;
    const error = new OmniError('SCENARIO_LIMIT', 'too many', { failureClass: 'POLICY_VIOLATION' });
    return [{ verdict: 'warn', record } as const, { verdict: 'refuse', error } as const, { verdict: 'fault', record, error } as const][(count / guardEvery) % 3];
  };
  return [{ name: 'counter', guard: { review }, projection }];
}
