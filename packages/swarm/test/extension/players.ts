/** Members that do what they are told: honest ones, and others. */
import { defineAgent, defineTool, unchecked, type AgentContext, type Instruction, type OmniError, type OmniKernel } from '@omnipaw/kernel';
import { channelOf, membership } from '@omnipaw/swarm';
import { boot, type Booted, type Cast } from '../support.js';

export type Act =
  | { readonly do: 'ask' | 'beat'; readonly term: number; readonly to: readonly string[] }
  | { readonly do: 'vote' | 'refuse'; readonly term: number; readonly to: string }
  | { readonly do: 'office'; readonly value: unknown; readonly swarm?: string }
  | { readonly do: 'enrol'; readonly slot: string; readonly id: string; readonly acts?: readonly Act[] }
  | { readonly do: 'say'; readonly to: string; readonly channel: string; readonly body: unknown }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'leave' | 'call' | 'share' | 'remember' | 'forget' };

const touch = defineTool({ name: 'touch', description: 'Does something outside.', input: unchecked<object>(), run: () => null });

export const SWARM = 'band';
const OFFICE = channelOf(SWARM, 'office');
const ELECTION = channelOf(SWARM, 'election');

export const player = defineAgent('player', function* (ctx, acts: readonly Act[]): Generator<Instruction, string[]> {
  // Everybody is there before anybody acts.
  yield* ctx.sleep(1);
  const codes: string[] = [];
  for (const act of acts) {
    try {
      yield* perform(ctx, act);
      codes.push('ok');
    } catch (error) {
      codes.push((error as OmniError).code);
    }
  }
  return codes;
});

function* perform(ctx: AgentContext, act: Act): Generator<Instruction, unknown> {
  switch (act.do) {
    case 'ask':
    case 'beat':
      for (const to of act.to) yield* ctx.send(to, { kind: act.do, term: act.term }, ELECTION);
      return null;
    case 'vote':
    case 'refuse':
      return yield* ctx.send(act.to, { kind: act.do, term: act.term }, ELECTION);
    case 'office':
      return yield* ctx.memory.set(act.swarm === undefined ? OFFICE : channelOf(act.swarm, 'office'), act.value as never);
    case 'leave':
      return yield* ctx.memory.delete(OFFICE);
    case 'say':
      return yield* ctx.send(act.to, act.body, act.channel);
    case 'enrol':
      return yield* ctx.start(player, act.acts ?? [], { id: act.id, metadata: membership(SWARM, act.slot), grants: ['send:*'] });
    default:
      return yield* performAlone(ctx, act);
  }
}

function* performAlone(ctx: AgentContext, act: Act): Generator<Instruction, unknown> {
  switch (act.do) {
    case 'call':
      return yield* ctx.tool(touch, {});
    case 'share': {
      const { version } = yield* ctx.shared('things').get('a');
      return yield* ctx.shared('things').set('a', 1, version);
    }
    case 'remember':
      return yield* ctx.memory.set('note', 1);
    case 'forget':
      return yield* ctx.memory.delete('note');
    default:
      return yield* ctx.sleep((act as { readonly ms: number }).ms);
  }
}

export const cast: Cast = { agents: [player], tools: [touch] };
export const grants = ['send:*', 'call:*', 'delegate:*', 'read:**', 'write:**'];

/** Starts the members of a swarm, of which each has the slot that is named after it. */
export function play(kernel: OmniKernel, parts: Readonly<Record<string, readonly Act[]>>): Promise<Record<string, readonly string[]>> {
  const slots = Object.keys(parts).map((id) => `${id}-seat`);
  const handles = Object.entries(parts).map(([id, acts]) => kernel.spawn(player, acts, { id, grants, depth: 2, metadata: membership(SWARM, `${id}-seat`, { slots }) }));
  return Promise.all(handles.map(async (handle) => [handle.id, (await handle.result())] as const)).then(Object.fromEntries) as Promise<Record<string, readonly string[]>>;
}

export async function band(parts: Readonly<Record<string, readonly Act[]>>): Promise<{ codes: Record<string, readonly string[]>; booted: Booted }> {
  const booted = await boot(cast);
  return { codes: await booted.time.until(play(booted.kernel, parts)), booted };
}
