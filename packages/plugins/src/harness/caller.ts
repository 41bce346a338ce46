/**
 * The agent that makes the calls of a test, one after the other: so all of them share one memory, as calls of an agent do.
 *
 * What comes next it hears from a tool, which answers when the test wants something: an agent can't be told anything but through its kernel.
 */
import { defineAgent, defineTool, OmniError, unchecked, type AgentDefinition, type ErrorRecord, type Json, type Tool } from '@omnipaw/kernel';

/** No name of a plugin's tool, which has a dot. */
const NAME = 'test';
/** As long as a timer can be. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

interface Call {
  readonly tool: string;
  readonly args: Json;
}

type Settled = { readonly value: Json } | { readonly error: ErrorRecord };

interface Wanted extends Call {
  /** Where the test has asked for it: what an agent gets has no place in the test. */
  readonly place: string;
  readonly resolve: (value: Json) => void;
  readonly reject: (error: OmniError) => void;
}

export class Caller {
  readonly tool: Tool<{ readonly settled?: Settled }, Call | null>;
  readonly agent: AgentDefinition<null, null>;
  readonly #wanted: Wanted[] = [];
  #current: Wanted | undefined;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor() {
    const tool = (this.tool = defineTool({
      ...{ name: NAME, description: 'Tells what to call next.', timeoutMs: MAX_TIMEOUT_MS, input: unchecked<{ readonly settled?: Settled }>() },
      run: ({ settled }) => this.#next(settled),
    }));
    this.agent = defineAgent(NAME, function* (ctx) {
      for (let next = yield* ctx.tool(tool, {}); next !== null; ) {
        let settled: Settled;
        try {
          settled = { value: yield* ctx.tool({ name: next.tool } as Tool<Json, Json>, next.args) };
        } catch (thrown) {
          const { code, message, details, failureClass } = thrown as OmniError;
          settled = { error: { code, message, failureClass, ...(details === undefined ? {} : { details }) } };
        }
        next = yield* ctx.tool(tool, { settled });
      }
      return null;
    });
  }

  call(tool: string, args: Json): Promise<Json> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw closed();
      this.#wanted.push({ tool, args, place: (new Error().stack ?? '').replace(/^.*\n/, ''), resolve, reject });
      this.#wake?.();
    });
  }

  /** Ends the agent; what is still wanted is rejected with `KERNEL_STOPPED`. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of [...(this.#current === undefined ? [] : [this.#current]), ...this.#wanted.splice(0)]) reject(closed());
    this.#wake?.();
  }

  async #next(settled: Settled | undefined): Promise<Call | null> {
    this.#settle(settled);
    while (this.#wanted.length === 0) {
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
    const { tool, args } = (this.#current = this.#wanted.shift()!);
    return { tool, args };
  }

  #settle(settled: Settled | undefined): void {
    if (settled === undefined) return;
    if ('value' in settled) this.#current?.resolve(settled.value);
    else this.#current?.reject(errorOf(settled.error, this.#current.place));
  }
}

function closed(): OmniError {
  return new OmniError('KERNEL_STOPPED', 'The plugin was closed before the call was done.');
}

function errorOf({ code, message, ...more }: ErrorRecord, place: string): OmniError {
  const error = new OmniError(code, message, more);
  error.stack = `${error.name}: ${message}\n${place}`;
  return error;
}
