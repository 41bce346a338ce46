import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bashTool, hostTools, type BashArguments, type BashOptions, type CommandRunner, type ExecOptions } from '@omnipaw/host';
import { createKernel, defineAgent, MemoryLogStore, readEntries, secret, type Entry, type KernelConfig } from '@omnipaw/kernel';
import { assertReplays } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/workspace.js';

interface Piece {
  readonly stdout: string;
  readonly stderr: string;
}

type Bash = ReturnType<typeof bashTool>;

interface Call extends Partial<Pick<KernelConfig, 'secrets' | 'redact'>> {
  /** Told of each piece when it is recorded, with its number, from 1. */
  readonly heard?: (piece: Piece, number: number) => void;
}

/** Calls a bash once; all that its log says. */
async function run(bash: Bash, args: BashArguments, { heard, ...config }: Call = {}) {
  const agent = defineAgent('agent', function* (ctx) {
    return yield* ctx.tool(bash, args);
  });
  const log = new MemoryLogStore();
  const kernel = await createKernel({ log, agents: [agent], tools: [bash], ...config });
  const pieces: Piece[] = [];
  kernel.subscribe((entry) => {
    if (entry.kind === 'TOOL_PROGRESS') heard?.(entry.data.value as unknown as Piece, pieces.push(entry.data.value as unknown as Piece));
  });
  const result = kernel.spawn(agent, null, { grants: ['call:*', 'read:secret:**'] }).result();
  const value = await result.catch((error: unknown) => error as { readonly code: string; readonly message: string });
  await kernel.stop();
  await assertReplays(log, { agents: [agent], tools: [bash] });
  const entries: Entry[] = [];
  for await (const entry of readEntries(log)) entries.push(entry as unknown as Entry);
  return { value, pieces, kinds: entries.map(({ kind }) => kind), text: JSON.stringify(entries) };
}

/** A runner whose command prints what it is told to, when it is told to. */
function printing(print: (say: (bytes: Uint8Array | string, stream?: 'stdout' | 'stderr') => void, options: ExecOptions) => Promise<void>, options?: BashOptions): Bash {
  const runner: CommandRunner = {
    mode: 'test',
    exec: async (_command, given) => {
      await print((bytes, stream = 'stdout') => given.onOutput?.({ stream, bytes: Buffer.from(bytes) }), given);
      const nothing = { head: new Uint8Array(), tail: new Uint8Array(), cutBytes: 0 };
      return { endedBy: 'itself', exitCode: 0, stdout: nothing, stderr: nothing };
    },
  };
  return bashTool('bash', runner, options);
}

/** Moments that a test waits for, by number. */
class Moments {
  readonly #waiting = new Map<number, () => void>();
  readonly #come = new Set<number>();

  come(number: number): void {
    this.#come.add(number);
    this.#waiting.get(number)?.();
  }

  until(number: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#come.has(number)) resolve();
      else this.#waiting.set(number, resolve);
    });
  }
}

test.skipIf(process.platform === 'win32')('what a command prints is on record while it runs, and its result has all of it', async () => {
  const root = temporaryDirectory();
  const { bash } = hostTools({ root }).system;
  const until = (name: string): string => `until [ -e ${name} ]; do sleep 0.02; done`;
  // The command goes on only when somebody has read in the log what it has said.
  const { value, pieces, kinds } = await run(bash, { command: `echo one; ${until('first')}; echo two >&2; ${until('second')}; echo three` }, {
    heard: (_piece, number) => { writeFileSync(path.join(root, number === 1 ? 'first' : 'second'), ''); },
  });
  expect(pieces.slice(0, 2)).toEqual([{ stdout: 'one\n', stderr: '' }, { stdout: '', stderr: 'two\n' }]);
  expect(value).toMatchObject({ exitCode: 0, stdout: 'one\nthree\n', stderr: 'two\n' });
  expect(kinds.indexOf('TOOL_RESULT')).toBeGreaterThan(kinds.lastIndexOf('TOOL_PROGRESS'));
});

describe('output comes in pieces', () => {
  test('of whole lines, in which no character is cut in two', async () => {
    const told = new Moments();
    const [paw, rest] = [Buffer.from('🐾').subarray(0, 2), Buffer.from('🐾').subarray(2)];
    const bash = printing(async (say) => {
      say('whole\nhalf ');
      say(paw);
      await told.until(1);
      say(rest);
      say(' line\n');
      await told.until(2);
      say('the rest');
    });
    const { pieces } = await run(bash, { command: 'x' }, { heard: (_piece, number) => { told.come(number); } });
    expect(pieces).toEqual([{ stdout: 'whole\n', stderr: '' }, { stdout: 'half 🐾 line\n', stderr: '' }]);
  });

  test('of a line that is written over and over, too', async () => {
    const told = new Moments();
    const bash = printing(async (say) => {
      say('10 %\r');
      await told.until(1);
      say('20 %\r30 %\r40');
      await told.until(2);
      say(' %\n');
    });
    const { pieces } = await run(bash, { command: 'x' }, { heard: (_piece, number) => { told.come(number); } });
    expect(pieces.map(({ stdout }) => stdout)).toEqual(['10 %\r', '20 %\r30 %\r']);
  });

  test.each([['short lines', 'a line\n', 4], ['one long line', 'x🐾', 1]])('of 8 Ki characters at the most: %s', async (_what, text, count) => {
    const told = new Moments();
    const printed = text.repeat(4_000);
    const bash = printing(async (say) => {
      say(printed);
      say('end\n', 'stderr');
      await told.until(count);
    });
    const { pieces } = await run(bash, { command: 'x' }, { heard: (_piece, number) => { told.come(number); } });
    const all = pieces.map(({ stdout }) => stdout).join('');
    expect(printed.startsWith(all)).toBe(true);
    expect(all.length).toBeGreaterThan(printed.length - 8_192);
    expect(Math.max(...pieces.map(({ stdout }) => stdout.length))).toBeLessThanOrEqual(8_192);
    for (const { stdout } of pieces) expect(stdout).not.toMatch(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/);
    expect(pieces[0]!.stderr).toBe('end\n');
  });

  test('up to 64 KiB of each stream, and then says that there is more', async () => {
    const told = new Moments();
    const bash = printing(async (say) => {
      say('x'.repeat(64 * 1024 - 2));
      say('🐾'.repeat(10));
      say('never told\n'.repeat(10_000));
      say('small\n', 'stderr');
      await told.until(0);
      say('more\n');
    });
    const { pieces } = await run(bash, { command: 'x' }, { heard: ({ stdout }) => { if (stdout.endsWith(']\n')) told.come(0); } });
    const all = pieces.map(({ stdout }) => stdout).join('');
    expect(all).toMatch(/^x{65534}\n\[OUTPUT_TRUNCATED: [^\n]*\]\n$/);
    expect(pieces.map(({ stderr }) => stderr).join('')).toBe('small\n');
  });
});

test('of a command that has got secrets nothing is recorded but its result', async () => {
  const bash = printing(async (say, { env }) => {
    // In two parts, neither of which anybody would recognise.
    for (const part of [env['TOKEN']!.slice(0, 4), `${env['TOKEN']!.slice(4)}\n`]) {
      say(`${part}\n`);
      await new Promise((resolve) => { setTimeout(resolve, 300); });
    }
  }, { variables: ['TOKEN'] });
  const { kinds, text } = await run(bash, { command: 'x', env: { TOKEN: secret('token') } }, { secrets: () => 'hunter2' });
  expect(kinds).not.toContain('TOOL_PROGRESS');
  expect(text).not.toContain('hunt');
});

test.skipIf(process.platform === 'win32')('nothing but the result is recorded where the operator wants no progress, and a redaction sees all lines at once', async () => {
  const key = '-----BEGIN KEY-----\nhunter2\nhunter3\n-----END KEY-----\n';
  const root = temporaryDirectory();
  writeFileSync(path.join(root, 'key'), key);
  let heard = '';
  const onOutput = ({ bytes }: { readonly bytes: Uint8Array }): void => { heard += Buffer.from(bytes).toString(); };
  const { bash } = hostTools({ root, bash: { recordsProgress: false, onOutput } }).system;
  const redact: KernelConfig['redact'] = (result) => ({ ...(result as object), stdout: (result as unknown as Piece).stdout.replaceAll(/-----BEGIN[^]*?END KEY-----/g, '[key]') });
  const { value, kinds, text } = await run(bash, { command: 'while read -r line; do echo "$line"; sleep 0.3; done < key' }, { redact });
  expect(heard).toBe(key);
  expect(value).toMatchObject({ stdout: '[key]\n' });
  expect(kinds).not.toContain('TOOL_PROGRESS');
  expect(text).not.toContain('hunter');
});

test('pieces are redacted by what redacts results', async () => {
  const told = new Moments();
  const bash = printing(async (say) => {
    say('card 4711\n');
    await told.until(1);
  });
  const redact: KernelConfig['redact'] = (result) => {
    const { stdout, stderr, ...rest } = result as unknown as Piece;
    return { ...rest, stdout: stdout.replaceAll(/\d/g, '#'), stderr: stderr.replaceAll(/\d/g, '#') };
  };
  const { pieces, text } = await run(bash, { command: 'x' }, { redact, heard: (_piece, number) => { told.come(number); } });
  expect(pieces).toEqual([{ stdout: 'card ####\n', stderr: '' }]);
  expect(text).not.toContain('card 4711');
});

test('a redaction that fails ends the call when the command is over, and no piece is recorded', async () => {
  let failures = 0;
  const failed = new Moments();
  const bash = printing(async (say) => {
    say('one\n');
    await failed.until(1);
    say('two\n');
  });
  const redact = (): never => {
    failed.come(++failures);
    throw new Error('not redacted');
  };
  const { value, pieces } = await run(bash, { command: 'x' }, { redact });
  expect(value).toMatchObject({ code: 'TOOL_FAILED' });
  expect([pieces, failures]).toEqual([[], 1]);
});
