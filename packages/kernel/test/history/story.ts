import { defineAgent, defineTool, MemoryLogStore, nodePorts, unchecked, type Entry, type KernelConfig } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { boot, entriesOf } from '../support/index.js';

const ask = defineTool({ name: 'ask', description: '', input: unchecked<{ n: number }>(), run: ({ n }) => n * 2 });
const wipe = defineTool({ name: 'wipe', description: '', input: unchecked<object>(), run: () => 'wiped' });
const helper = defineAgent('helper', function* (ctx, n: number) {
  return yield* ctx.tool(ask, { n });
});
const main = defineAgent('main', function* (ctx, start: number) {
  const doubled = yield* ctx.tool(ask, { n: start });
  yield* ctx.memory.set('doubled', doubled);
  const helped = yield* ctx.delegate(helper, doubled, { grants: ['call:ask'] });
  const { body } = yield* ctx.receive();
  const wiped = yield* ctx.tool(wipe, {});
  return { helped, body, wiped };
});

/** The programs of the story, and all that they need. */
export const storyConfig = {
  agents: [main, helper],
  tools: [ask, wipe],
  policies: [{ name: 'careful', effect: 'ESCALATE', action: 'call', resource: 'wipe' }],
} as const satisfies Partial<KernelConfig>;

/** A log in which something of every kind came from outside, with the number of an entry of each. */
export interface Story {
  readonly store: MemoryLogStore;
  readonly entries: readonly Entry[];
  readonly seqOf: (kind: string, agent?: string | null) => number;
}

export async function story({ approved = true }: { readonly approved?: boolean } = {}): Promise<Story> {
  const { kernel, store, until } = await boot({
    time: new VirtualTime({ seed: 'story' }),
    ...storyConfig,
  });
  const handle = kernel.spawn(main, 3, { grants: ['call:ask', 'delegate:helper', 'call:wipe'] });
  const ended = until(handle.result().catch(() => undefined));
  kernel.subscribe(({ kind }) => {
    if (kind === 'RECEIVE_STARTED') queueMicrotask(() => { kernel.send('main-1', 'go on'); });
    if (kind === 'APPROVAL_REQUESTED') queueMicrotask(() => { kernel.decide(kernel.approvals()[0]!.id, { approved, reason: 'why not' }, 'alice'); });
  });
  await ended;
  await until(kernel.stop());
  const entries = await entriesOf(store);
  const seqOf: Story['seqOf'] = (kind, agent) => {
    const entry = entries.find((candidate) => candidate.kind === kind && (agent === undefined || candidate.agent === agent));
    if (entry === undefined) throw new Error(`There is no ${kind}.`);
    return entry.busSeq;
  };
  return { store, entries, seqOf };
}

/** A log whose chain holds, with these entries. */
export function rechained(entries: readonly Entry[]): MemoryLogStore {
  return relinked(entries.map(({ time, agent, kind, data }, busSeq) => JSON.stringify({ busSeq, time, agent, kind, data }).slice(0, -1)));
}

/** A log of lines, each given up to its links. */
export function relinked(sayings: readonly string[]): MemoryLogStore {
  let prev = '0'.repeat(64);
  const lines = sayings.map((saying) => {
    const body = `${saying},"prev":"${prev}"`;
    prev = nodePorts.codec.sha256(body);
    return `${body},"hash":"${prev}"}\n`;
  });
  return new MemoryLogStore({ bytes: nodePorts.codec.utf8(lines.join('')), codec: nodePorts.codec });
}
