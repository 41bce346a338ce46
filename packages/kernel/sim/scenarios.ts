/**
 * Random programs, and operators who interfere at random moments.
 *
 * A program is a script: instructions as JSON, which an interpreter yields one after the other. Everything that happens
 * is decided by the scenario and the seed, so that the same scenario gives the same log.
 */
import type { Instruction, Policy } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { TOOLS } from './tools.js';

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
  | { readonly op: 'JOIN_LAST' | 'REVOKE_LAST' | 'DECIDE_ASKED' | 'WRITE_SEEN' | 'LOOP' }
  | { readonly op: 'THROW'; readonly thrown: unknown };
export interface Script {
  readonly steps: readonly Step[];
  /** Whether it goes on after an error. */
  readonly isTough: boolean;
}

/** An agent that an operator spawns. */
export interface Root {
  readonly type: (typeof AGENTS)[number];
  readonly script: Script;
  readonly grants: readonly string[];
  readonly expiresInMs: number | null;
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
  readonly roots: readonly Root[];
  readonly orders: readonly Order[];
  readonly policies: readonly Policy[];
  readonly maxConcurrentToolCalls: number;
  readonly maxMailboxMessages: number;
  /** Every so many proposals, the guard says something. */
  readonly guardEvery: number;
  /** Whether agents are told that an outcome is unknown, or wait for the operator to say. */
  readonly unknownOutcomes: 'throw' | 'wait';
  /** After so many entries the state is kept beside the log; never if false. */
  readonly checkpointEvery: number | false;
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

const args = fc.oneof({ arbitrary: fc.record({ n: fc.integer({ min: 0, max: 9 }) }), weight: 9 }, { arbitrary: fc.constant(null), weight: 1 });
const callTool = fc.oneof(
  { arbitrary: fc.record({ op: fc.constant('CALL_TOOL' as const), tool, args }), weight: 9 },
  { arbitrary: fc.record({ op: fc.constant('CALL_TOOL' as const), tool }), weight: 1 },
) as fc.Arbitrary<Instruction & { readonly op: 'CALL_TOOL' }>;
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
  fc.record({ op: fc.constant('RECEIVE' as const), timeoutMs: patienceMs, channel: fc.constantFrom<string | readonly string[]>(...CHANNELS, 'approval', 'exit', [CHANNELS[0]!, 'exit']) }),
  fc.record({ op: fc.constant('SLEEP' as const), ms }),
  fc.constant({ op: 'DECIDE_ASKED' as const }),
);
const odd: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>({ op: 'NOOP' }, { op: 'LOOP' }, { op: 'JOIN_LAST' }, { op: 'REVOKE_LAST' }, { op: 'RETURN', value: 'early' }, { op: 'FLY' } as never, { op: 'JOIN', agent: 'worker-1' }, { op: 'REVOKE', agent: 'robot-1', reason: 'it is no use' }, null as never),
  fc.record({ op: fc.constant('VERSION' as const), change: fc.constantFrom('c1', 'c2'), min: fc.constantFrom(0, 1), max: fc.constantFrom(1, 2, 3) }),
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
    { arbitrary: fc.oneof(callTool, callTool, memory, message), weight: 7 },
    { arbitrary: fc.oneof({ arbitrary: odd, weight: 3 }, { arbitrary: fc.record({ op: fc.constant('CONTINUE' as const), input: tie('script') }), weight: 1 }), weight: 1 },
    { arbitrary: fc.record({ op: fc.constant('ALL' as const), of: fc.array(fc.oneof(callTool, memory, message).filter(isPlain), { maxLength: 4, size: 'max' }) }), weight: 2 },
    {
      arbitrary: fc.record({
        op: fc.constant('DELEGATE' as const),
        type: fc.constantFrom(...AGENTS, ...AGENTS, ...AGENTS, 'unknown'),
        input: tie('script'),
        join: fc.boolean(),
        options: fc.record(
          { grants, depth: fc.integer({ min: 0, max: 2 }), expiresInMs: patienceMs, quota: fc.record({ maxTicks: fc.integer({ min: 0, max: 4 }) }), monitor: fc.boolean() },
          { requiredKeys: ['grants'] },
        ),
      }),
      weight: 2,
    },
  ),
}));

function isPlain(step: Step): step is Instruction {
  return !['JOIN_LAST', 'REVOKE_LAST', 'DECIDE_ASKED', 'WRITE_SEEN', 'LOOP', 'THROW'].includes(step.op);
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
  unknownOutcomes: fc.constantFrom('throw', 'throw', 'wait'),
  checkpointEvery: fc.constantFrom(false as const, 1, 5, 20),
});
