/** What a log says of the plugins that took part, held against those that are there, pure. */
import type { RawEntry, Tool } from '@omnipaw/kernel';

/** A plugin as the origin of its tools names it. */
interface Identity {
  readonly name: string;
  readonly version: string;
  readonly manifest: string;
  readonly code: string;
  readonly schemas: string;
}

/** A plugin that is not what it was, or not there. */
export interface ChangedPlugin {
  readonly name: string;
  readonly version: string;
  /** `code 94bb1c2d… – ec62f0a1…`; `not there`. */
  readonly text: string;
}

const ORIGIN = /^(plugin-[a-z0-9-]+)@(\S+) manifest ([0-9a-f]{64}) code ([0-9a-f]{64}) schemas ([0-9a-f]{64})$/;
const PARTS = ['version', 'manifest', 'code', 'schemas'] as const;

function identityIn(origin: unknown): Identity | undefined {
  const [, name, version, manifest, code, schemas] = ORIGIN.exec(typeof origin === 'string' ? origin : '') ?? [];
  return name === undefined ? undefined : { name, version: version!, manifest: manifest!, code: code!, schemas: schemas! };
}

/** Where the tools came from that a kernel began with, by their names; empty for entries that are no header. */
export function originsIn({ kind, data }: Pick<RawEntry, 'kind' | 'data'>): ReadonlyMap<string, unknown> {
  if (kind !== 'LOG_OPENED' && kind !== 'KERNEL_STARTED') return new Map();
  const { tools = {} } = data as { readonly tools?: Readonly<Record<string, { readonly origin?: unknown } | undefined>> };
  return new Map(Object.entries(tools).map(([tool, recorded]) => [tool, recorded?.origin]));
}

/** Whether a tool of this origin is one of a plugin. */
export function isOfPlugin(origin: unknown): boolean {
  return identityIn(origin) !== undefined;
}

/** Each plugin that some origins name and that is another one now, once for each way in which it is. */
export function changedPlugins(recorded: Iterable<unknown>, tools: readonly Pick<Tool, 'origin'>[]): readonly ChangedPlugin[] {
  const present = new Map(tools.flatMap(({ origin }) => identityIn(origin) ?? []).map((identity) => [identity.name, identity]));
  return [...new Set(recorded)].flatMap((origin) => identityIn(origin) ?? []).flatMap((before) => {
    const text = differenceOf(before, present.get(before.name));
    return text === '' ? [] : [{ name: before.name, version: before.version, text }];
  });
}

function differenceOf(before: Identity, now: Identity | undefined): string {
  if (now === undefined) return 'not there';
  return PARTS.filter((part) => before[part] !== now[part]).map((part) => `${part} ${shortDigest(before[part])} – ${shortDigest(now[part])}`).join(', ');
}

function shortDigest(text: string): string {
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}…` : text;
}
