import { defineTool, nodePorts, OmniError, unchecked, type AskedInstruction, type Json, type Tool, type ToolContext, type ToolOptions } from '@omnipaw/kernel';

export const TOOLS = ['echo', 'soon', 'slow', 'flaky', 'fails', 'hangs', 'junk', 'note', 'shaky', 'twice', 'asks'] as const;

/** Those that may be called again with the same key. */
export const IDEMPOTENT: ReadonlySet<string> = new Set<(typeof TOOLS)[number]>(['hangs', 'note', 'shaky', 'asks']);

/** What tools have of the outside. */
export interface Outside {
  readonly sleep: (delayMs: number) => Promise<void>;
  /** Does what the tool is there for; may not come back, if that is the moment of a crash. */
  readonly act: (call: ToolContext) => void;
}

interface Args {
  readonly n: number;
}

/** Some programs give no arguments at all, or null. */
type Given = Partial<Args> | null;

type Run = (args: Args, call: ToolContext) => unknown;
type Options = Pick<ToolOptions<never, unknown, undefined>, 'retry' | 'timeoutMs'>;

/**
 * Tools that say what they do, or do not, answer well, late, twice, badly or not at all, and act before or after that, as their argument and their key
 * decide.
 *
 * A TRANSIENT error says that trying again is safe; so tools that are not idempotent throw one only before they act.
 */
export function toolsIn({ act, sleep }: Outside): Tool[] {
  return [
    define('echo', ({ n }, call) => {
      act(call);
      return { n };
    }),
    define('soon', async ({ n }, call) => {
      await Promise.resolve();
      act(call);
      return n;
    }),
    define('slow', async ({ n }, call) => {
      if (n % 2 === 0) act(call);
      await sleep(n * 5);
      call.progress('half of it');
      if (n % 2 === 1) act(call);
      return 'slow';
    }),
    define('flaky', async (_args, call) => {
      if (chance(call) % 3 > 0) throw busy();
      await sleep(chance(call) % 5);
      act(call);
      return 'at last';
    }, { retry: { limit: 2, backoffMs: 7 } }),
    define('fails', ({ n }, call) => {
      if (n > 4) act(call);
      // People throw strings, too.
      throw (n % 2 === 0 ? 'a string' : new Error('an error')) as Error;
    }),
    define('hangs', ({ n }, call) => {
      act(call);
      return sleep(n > 5 ? 200 : 20).then(() => {
        call.progress('nobody wants to know');
        return n > 5 ? 'too late' : new Promise(() => undefined);
      });
    }, { timeoutMs: 15, retry: { limit: 1, backoffMs: 1 } }),
    define('junk', ({ n }, call) => {
      act(call);
      return [new Date(0), (): number => n, Number.NaN, undefined, { n: -0 }][n % 5];
    }),
    define('note', async ({ n }, call) => {
      if (n % 2 === 0) act(call);
      await sleep(n);
      call.progress({ n });
      act(call);
      call.progress({ n: n + 1 });
      return { noted: n };
    }),
    define('shaky', ({ n }, call) => {
      act(call);
      if (chance(call) % 2 > 0) throw busy();
      return n;
    }, { retry: { limit: 2, backoffMs: 3 } }),
    define('twice', ({ n }, call) => {
      act(call);
      return thatAnswersTwice(n, sleep(n));
    }),
    define('asks', async ({ n }, call) => {
      act(call);
      const answers: Json[] = [];
      for (const asked of asksFor(n)) answers.push(await Promise.all(asked.map((instruction) => call.ask(instruction).catch(codeOf))));
      if (n === 7 && call.attempt === 1) throw busy();
      return answers;
    }, { timeoutMs: 45, retry: { limit: 1, backoffMs: 2 } }),
  ];
}

/** The tools for a replay, which must not reach any of them. */
export const UNREACHABLE: readonly Tool[] = toolsIn({
  sleep: () => Promise.reject(new Error('A tool sleeps in a replay.')),
  act: ({ tool }) => { throw new Error(`Tool ${tool} acts in a replay.`); },
});

function define(name: (typeof TOOLS)[number], run: Run, options: Options = {}): Tool {
  return defineTool({ name, description: name, input: unchecked<Given>(), idempotent: IDEMPOTENT.has(name), ...options, run: (given, call) => {
    const n = given?.n ?? 0;
    if (chance(call) % 4 === 0) call.progress({ begun: n });
    return run({ n }, call);
  } });
}

/** From 0 to 255, for an attempt. */
function chance({ idempotencyKey, attempt }: ToolContext): number {
  return Number.parseInt(nodePorts.codec.sha256(`${idempotencyKey}/${attempt}`).slice(0, 2), 16);
}

/** What a tool asks for, one group after the other: other tools, and itself with less. */
function asksFor(n: number): readonly (readonly AskedInstruction[])[] {
  const callOf = (m: number): AskedInstruction => ({ op: 'CALL_TOOL', tool: TOOLS[m % TOOLS.length]!, args: { n: m } });
  const itself: AskedInstruction = { op: 'CALL_TOOL', tool: 'asks', args: { n: n - 1 } };
  return [
    [callOf(n), { op: 'WRITE', store: 'persistent', key: 'a', value: n }],
    ...(n % 3 === 0 ? [] : [[itself, callOf(n + 1)]]),
    [{ op: 'READ', store: 'persistent', key: 'b' }, { op: 'WRITE', store: 'shared', namespace: 'team', key: 'a', value: n, expectedVersion: n % 4 }],
    [{ op: 'READ', store: 'shared', namespace: 'team', key: 'a' }],
  ];
}

function codeOf(thrown: unknown): string {
  return (thrown as OmniError).code;
}

function busy(): OmniError {
  return new OmniError('BUSY', 'try again', { failureClass: 'TRANSIENT' });
}

/** A thenable as careless code makes it: it calls back, calls back again, and then reports an error. */
function thatAnswersTwice(value: unknown, later: Promise<void>): PromiseLike<unknown> {
  const then = (resolve: (value: unknown) => void, reject: (error: unknown) => void): void => {
    void later.then(() => {
      resolve(value);
      resolve('another answer');
      reject(new Error('and an error'));
    });
  };
  return { then } as PromiseLike<unknown>;
}
