/** Logs, keys and heads to attest with. */
import { generateKeyPair, GENESIS_HASH, headSigner, signHead, type HeadStore, type MemoryLogStore } from '@omnipaw/kernel';
import { codec, logOf, TestChain } from '../logging/test-chain.js';

export const keys = generateKeyPair();
export const signer = headSigner(keys.privateKey);
/** Somebody else's. */
export const otherKeys = generateKeyPair();

/** The lines of a log with a header that names it. */
export function linesOf(count: number, logId = 'log-of-the-tests', text = 'entry'): string[] {
  const chain = new TestChain();
  return [chain.line({ logId }), ...Array.from({ length: count - 1 }, (_, index) => chain.line({ text: `${text} ${index + 1}: ü€😀` }))];
}

export function hashOf(line: string): string {
  return line.slice(-67, -3);
}

export async function headOf(lines: readonly string[], by = signer): Promise<string> {
  return (await signHead(logOf(lines), by)).text;
}

/** Keeps heads in memory, and can be told to fail. */
export class MemoryHeadStore implements HeadStore {
  readonly heads: string[] = [];
  failure: Error | undefined;

  async write(head: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.heads.push(head);
  }

  async read(): Promise<readonly string[]> {
    return [...this.heads];
  }

  /** How many entries each of the heads covers. */
  get sizes(): number[] {
    return this.heads.map((head) => Number(head.split('\n')[1]));
  }
}

/** A log as it stood when it had only so many entries. */
export function prefix(store: MemoryLogStore, count: number): MemoryLogStore {
  return logOf(storedLines(store).slice(0, count));
}

/** Lines whose content somebody has changed, with hashes that fit again: what an attacker makes who can write to the log. */
export function rechained(lines: readonly string[]): string[] {
  let prev = GENESIS_HASH;
  return lines.map((line) => {
    const body = `${line.slice(0, -150)},"prev":"${prev}"`;
    prev = codec.sha256(body);
    return `${body},"hash":"${prev}"}\n`;
  });
}

/** The lines of a log in memory. */
export function storedLines(store: MemoryLogStore): string[] {
  return codec.text(store.bytes()).split(/(?<=\n)/);
}
