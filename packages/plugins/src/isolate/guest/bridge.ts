import type { Guest } from './guest.js';

/** What the outside calls of the guest, and nothing else. Only texts, numbers and booleans go in. */
export interface Entries {
  /** Before the plugin's own code runs. */
  readonly begin: (config: string) => void;
  /** With what the bundle has given: the handler, `{ run }`, or a module whose default export is one of them. */
  readonly invoke: (plugin: unknown) => void;
  readonly settle: (call: number, isOk: boolean, text: string) => void;
  readonly fireTimer: () => boolean;
}

/** The two ends of the bridge: `ctx` for the handler, {@link Entries} for the outside. */
export function makeBridge(guest: Guest): Entries {
  const { parse, stringify } = JSON;
  const { send, toText, textOf, describe } = guest;
  interface Config {
    readonly now: number;
    readonly seed: readonly number[];
    readonly args: unknown;
  }
  let config: Config = { now: 0, seed: [], args: null };
  const pending = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void; /** With the place where it was asked for. */ readonly error: Error }>();
  let calls = 0;

  const call = (name: unknown, args: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (typeof name !== 'string') throw new TypeError(`The name of a capability is a string, not ${name === null ? 'null' : typeof name}.`);
      const text = toText(args);
      const index = calls++;
      pending.set(index, { resolve, reject, error: new Error('') });
      send(`C${index},${name.length},${name}${text}`);
    });

  const fail = (thrown: unknown): void => {
    send('F' + stringify(describe(thrown)));
  };
  const finish = (result: unknown): void => {
    let text: string;
    try {
      text = toText(result);
    } catch (thrown) {
      send('R' + (textOf(thrown, 'message') ?? 'The result cannot be written as JSON.'));
      return;
    }
    send('D' + text);
  };

  type Handler = (args: unknown, ctx: unknown) => unknown;
  const handlerOf = (plugin: unknown): Handler => {
    const found = typeof plugin === 'object' && plugin !== null && 'default' in plugin ? plugin.default : plugin;
    if (typeof found === 'function') return found as Handler;
    if (typeof found === 'object' && found !== null && 'run' in found && typeof found.run === 'function') {
      return (args, ctx) => (found as { run: Handler }).run(args, ctx);
    }
    throw new TypeError(`The default export is no handler but ${found === null ? 'null' : typeof found}. Export an async function (args, ctx), or an object with such a function as "run".`);
  };

  return {
    begin(text) {
      config = parse(text) as Config;
      guest.seed(config.seed);
    },
    invoke(plugin) {
      void (async () => {
        try {
          const handler = handlerOf(plugin);
          finish(await handler(config.args, guest.makeContext(call, config.now)));
        } catch (thrown) {
          fail(thrown);
        }
      })();
    },
    settle(index, isOk, text) {
      const waiting = pending.get(index);
      pending.delete(index);
      const value = parse(text) as { code: string; message: string };
      if (isOk) waiting?.resolve(value);
      else waiting?.reject(Object.assign(waiting.error, { message: value.message, code: value.code }));
    },
    fireTimer: () => guest.fireTimer(),
  };
}
