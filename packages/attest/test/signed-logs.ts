/** Logs, keys and heads to attest with. */
import { generateKeyPair, headSigner, signHead, type HeadStore } from '@omnipaw/attest';
import type { MemoryLogStore } from '@omnipaw/kernel';
import { logOf, storedLines, TestChain } from '../../kernel/test/logging/test-chain.js';

export const keys = generateKeyPair();
export const signer = headSigner(keys.privateKey);
/** Somebody else's. */
export const otherKeys = generateKeyPair();

/** The lines of a log with a header that names it. */
export function linesOf(count: number, logId = 'log-of-the-tests', text = 'entry'): string[] {
  const chain = new TestChain();
  return [chain.line({ logId }), ...Array.from({ length: count - 1 }, (_, index) => chain.line({ text: `${text} ${index + 1}: ü€😀` }))];
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
