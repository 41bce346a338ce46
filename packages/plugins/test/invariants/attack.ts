/**
 * A plugin that means no good, in a real folder, loaded by the real loader into a real kernel; and what everything looked like afterwards.
 *
 * Whatever the plugin did: the log verifies, obeys the rules of every log, holds the whole state, and replays with the plugin and without.
 */
import { createKernel, defineAgent, defineTool, inspect, MemoryLogStore, readEntries, replay, unchecked, verify } from '@omnipaw/kernel';
import type { Entry, EntryKind, Extension, Grant, Inspection, Json, KernelConfig, OmniError, OmniKernel, Quota, Tool } from '@omnipaw/kernel';
import { PluginLoader, type IsolateLimits, type LoaderOptions, type PermissionSpec, type Plugins } from '@omnipaw/plugins';
import { expect, onTestFinished, vi } from 'vitest';
import { brokenRules } from '../../../kernel/sim/log-rules.js';
import { folderWith } from '../support/folder.js';

/** The code of a tool: the body of an `async (args, ctx)`, and with `---` on a line of its own before it, what stands above that. */
export type Code = string;

export interface Source {
  /** By the last part of the name: the code, and which of the plugin's permissions it has (all, unless given). */
  readonly tools: Readonly<Record<string, Code | { readonly code: Code; readonly permissions?: readonly (string | number)[]; readonly idempotent?: boolean }>>;
  readonly agents?: Readonly<Record<string, { readonly code: Code; readonly grants?: readonly string[] }>>;
  /** Of the manifest; the operator grants them. */
  readonly permissions?: readonly PermissionSpec[];
  readonly timeoutMs?: number;
}

export interface Attack extends Partial<Pick<KernelConfig, 'maxStepsPerTick' | 'policies' | 'secrets'>> {
  /** Plugins by their short names. */
  readonly plugins: Readonly<Record<string, Source>>;
  /** What the agent may; to call all tools of `evil`, unless given. */
  readonly grants?: readonly (Grant | string)[];
  readonly quota?: Quota;
  readonly args?: Json;
  /** Tools of the machine. */
  readonly tools?: readonly Tool[];
  readonly agents?: KernelConfig['agents'];
  readonly extensions?: () => readonly Extension[];
  readonly limits?: Partial<IsolateLimits>;
  readonly fetchTool?: LoaderOptions['fetchTool'];
  /** In place of an agent that calls `evil.run` once. */
  readonly act?: (kernel: OmniKernel, plugins: Plugins) => Promise<unknown>;
}

/** What an attempt came to: a value, or the error by which it was refused. */
export interface Said {
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
}

export interface Aftermath {
  readonly said: Said;
  readonly entries: readonly Entry[];
  readonly state: Inspection;
  readonly bytes: Uint8Array;
}

// Each test loads plugins, and not all machines have time.
vi.setConfig({ testTimeout: 60_000 });

/** More than any program here takes. */
const MAX_STEPS = 1_000;

export const evil = { name: 'evil.run' } as Tool<Json, Json>;

/** Calls a tool once, and tells what came of it. */
export const asker = defineAgent('asker', function* (ctx, { args, tool = 'evil.run' }: { args: Json; tool?: string }) {
  try {
    return { value: yield* ctx.tool({ name: tool } as Tool<Json, Json>, args) };
  } catch (thrown) {
    const { code, message } = thrown as OmniError;
    return { code, message };
  }
});

export async function attack(given: Attack): Promise<Aftermath> {
  const { grants = ['call:evil.*'], quota, args = {}, maxStepsPerTick = MAX_STEPS, policies, secrets, extensions = () => [] } = given;
  const plugins = await load(given);
  const agents = [asker, ...plugins.agents.map(({ definition }) => definition), ...(given.agents ?? [])];
  const tools = [...plugins.tools, ...(given.tools ?? [])];
  const log = new MemoryLogStore();
  const problems: unknown[] = [];
  const kernel = await createKernel({
    ...{ log, agents, tools, maxStepsPerTick, extensions: extensions(), onProblem: (problem: OmniError) => { problems.push(problem); } },
    ...(policies === undefined ? {} : { policies }),
    ...(secrets === undefined ? {} : { secrets }),
  });
  const act = given.act ?? (() => kernel.spawn(asker, { args }, { grants, ...(quota === undefined ? {} : { quota }) }).result());
  const said = await act(kernel, plugins) as Said;
  // What somebody still does that should not: it would show in the log.
  await new Promise((resolve) => { setTimeout(resolve, 30); });
  const snapshot = kernel.snapshot();
  const head = kernel.head;
  await kernel.stop();
  expect(problems).toEqual([]);

  expect(await verify(log, { pin: head })).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
  const entries = await entriesOf(log);
  expect(brokenRules(entries, { maxStepsPerTick, resources: [] })).toEqual([]);
  const state = await inspect(log);
  expect(state).toMatchObject(snapshot);
  for (const present of [tools, tools.filter(({ name }) => !plugins.tools.some((one) => one.name === name))]) {
    expect(await replay(log, { agents, tools: present, extensions: extensions() })).toMatchObject({ replay: 'REPRODUCED', integrity: 'INTACT' });
  }
  expectClean();
  return { said, entries, state, bytes: log.bytes() };
}

/** Writes the plugins into a folder of their own, and loads them; all of them are taken. */
export async function load({ plugins, limits, fetchTool }: Pick<Attack, 'plugins' | 'limits' | 'fetchTool'>): Promise<Plugins> {
  const files = Object.entries(plugins).flatMap(([name, source]) => Object.entries(filesOf(name, source)));
  const grants = Object.fromEntries(Object.entries(plugins).map(([name, { permissions = [] }]) => [`plugin-${name}`, permissions]));
  const more = { ...(limits === undefined ? {} : { limits }), ...(fetchTool === undefined ? {} : { fetchTool }) };
  const loaded = await new PluginLoader({ folder: folderWith(Object.fromEntries(files)), grants, workers: 1, ...more }).load();
  onTestFinished(() => loaded.close());
  expect(loaded.rejected).toEqual([]);
  return loaded;
}

function filesOf(name: string, { tools, agents = {}, permissions = [], timeoutMs = 20_000 }: Source): Record<string, string> {
  const codes = Object.entries(tools).map(([tool, code]) => [tool, typeof code === 'string' ? { code } : code] as const);
  const manifest = {
    name: `plugin-${name}`, version: '1.0.0', description: 'Means no good.', license: 'MIT', omnipaw: '>=0.0.0', permissions,
    tools: codes.map(([tool, { permissions: own, idempotent = false }]) => ({
      name: `${name}.${tool}`, description: 'Does it.', input: { type: 'object' }, handler: `${tool}.ts`, timeoutMs, idempotent, ...(own === undefined ? {} : { permissions: own }),
    })),
    ...(Object.keys(agents).length === 0 ? {} : { agents: Object.entries(agents).map(([type, { grants = [] }]) => ({ type: `${name}.${type}`, program: `agent-${type}.ts`, grants })) }),
  };
  return Object.fromEntries([
    ['plugin.manifest.json', JSON.stringify(manifest)] as const,
    ...codes.map(([tool, { code }]) => [`${tool}.ts`, moduleOf(code)] as const),
    ...Object.entries(agents).map(([type, { code }]) => [`agent-${type}.ts`, moduleOf(code)] as const),
  ].map(([file, text]) => [`plugin-${name}/${file}`, text]));
}

function moduleOf(code: Code): string {
  const [body = '', head = ''] = code.split(/^\s*---\s*$/m).reverse();
  return `${TRIED}\n${head}\nexport default async (args: any, ctx: any): Promise<any> => {\n${body}\n};\n`;
}

/** What an attempt comes to, for handlers: `tried(ctx.tool(…))`. */
const TRIED = `
const tried = async (attempt: any): Promise<any> => {
  try { return { value: await (typeof attempt === 'function' ? attempt() : attempt) }; } catch (thrown: any) { return { code: String(thrown.code ?? thrown.name), message: String(thrown.message) }; }
};`;

export async function entriesOf(log: MemoryLogStore): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of readEntries(log)) entries.push(entry as unknown as Entry);
  return entries;
}

export function ofKind<Kind extends EntryKind>(entries: readonly Entry[], kind: Kind): Extract<Entry, { kind: Kind }>[] {
  return entries.filter((entry): entry is Extract<Entry, { kind: Kind }> => entry.kind === kind);
}

/** A tool of the machine that notes with which arguments it has run. */
export function witness(name: string, run: (args: Json) => unknown = () => 'done') {
  const ran: Json[] = [];
  const tool = defineTool({
    name, description: '', idempotent: true, input: unchecked<Json>(),
    run: (args) => {
      ran.push(args);
      return run(args);
    },
  });
  return { tool, ran };
}

export const pause = (delayMs: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, delayMs); });

/** Nothing of the host's has changed by which all of its objects could. */
function expectClean(): void {
  for (const prototype of [Object.prototype, Array.prototype, Function.prototype, Promise.prototype, String.prototype]) {
    expect(Object.keys(prototype)).toEqual([]);
  }
  expect(({} as Record<string, unknown>)['toJSON'] ?? ({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
}
