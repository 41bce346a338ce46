/** What the code of a plugin has; types only, so that a plugin that imports them has nothing of this package in its bundle. */
import type { Json } from '@omnipaw/kernel';

/** What `ctx.fetch` gives: the result of `host.net.fetch`. */
export interface FetchedAnswer {
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly encoding: 'utf8' | 'base64';
}

/** The second argument of a handler. Each of these is asked of the kernel, and rejects with a code if the plugin or its agent may not. */
export interface PluginContext {
  /** A capability by its name: `tool`, `memory.get`, … */
  call(name: string, args: unknown): Promise<Json>;
  /** A tool of the kernel; needs `tool:<name>`. */
  tool(name: string, args?: unknown): Promise<Json>;
  /** Needs `network`. An answer that says no (404, 500) is a result. */
  fetch(url: string | { readonly href: string }, init?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }): Promise<FetchedAnswer>;
  /** Needs `filesystem`. */
  readonly fs: {
    readFile(path: string, options?: Readonly<Record<string, unknown>>): Promise<Json>;
    writeFile(path: string, content: string, options?: Readonly<Record<string, unknown>>): Promise<Json>;
    list(path?: string): Promise<Json>;
  };
  /** Needs `shell`. */
  shell(command: string, options?: Readonly<Record<string, unknown>>): Promise<Json>;
  /** A part of the calling agent's memory, for this plugin alone; needs `memory`. */
  readonly memory: {
    get(key: string): Promise<Json>;
    set(key: string, value: Json): Promise<Json>;
    delete(key: string): Promise<Json>;
  };
  /** Needs `shared:<namespace>`. A write takes the version that was read, and is refused with `WRITE_CONFLICT` if there is another by now. */
  shared(namespace: string): {
    get(key: string): Promise<{ readonly value?: Json; readonly version: number }>;
    set(key: string, value: Json, expectedVersion: number): Promise<number>;
  };
  /** When the call was made, milliseconds since the epoch: the only time that there is. */
  readonly now: number;
  /** From 0 to 1; the same for the same call. */
  random(): number;
  /** For people: stands in the log as progress of the call. */
  log(...values: readonly unknown[]): void;
}

export type PluginHandler<Args = Json, Result = unknown> = (args: Args, ctx: PluginContext) => Result | Promise<Result>;

/** Gives a handler its types; returns it as it is. */
export function definePluginTool<Args = Json, Result = unknown>(handler: PluginHandler<Args, Result>): PluginHandler<Args, Result> {
  return handler;
}

/** What a plugin gets that imports this package: the one function that is there when it runs. */
export const PROVIDED: Readonly<Record<string, string>> = Object.freeze({ '@omnipaw/plugins': 'export const definePluginTool = (handler) => handler;' });
