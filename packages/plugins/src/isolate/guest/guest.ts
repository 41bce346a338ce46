/**
 * What the parts of the prelude share.
 *
 * The functions of this folder run inside the guest's own engine: their *text* is put together by `prelude.ts` and compiled there.
 * So each stands on its own, uses nothing but its parameter and the language, and gives nothing of ours to the guest: all of it is
 * as untrusted as the plugin, with which it shares its globals. What must hold is checked outside.
 */
export interface Guest {
  readonly global: Record<string, unknown>;
  /** The one way out: a text, whose first letter says what it is (`guest-message.ts`), and the answer to it. */
  readonly send: (text: string) => string;
  /** From 0 to 2³² - 1, by the seed of the job. */
  uint32: () => number;
  seed: (words: readonly number[]) => void;
  /** Runs the timer whose turn it is; false if there is none. */
  fireTimer: () => boolean;
  /** JSON text of a value, or a `TypeError` that says what is none. */
  toText: (value: unknown) => string;
  textOf: (thrown: unknown, key: string) => string | undefined;
  describe: (thrown: unknown) => Record<string, string | undefined>;
  /** The parameters of a URL's query: for the guest, and how to let them be another one. */
  makeParams: (query: string, changed: (query: string) => void) => { readonly params: unknown; readonly read: (query: string) => void };
  log: (...values: readonly unknown[]) => void;
  makeContext: (call: (name: unknown, args: unknown) => Promise<unknown>, now: number) => unknown;
}
