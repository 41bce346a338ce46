import { encodeLine, GENESIS_HASH, LOG_FORMAT_VERSION, MemoryLogStore, type LogBatch } from '../../src/logging/index.js';
import { nodePorts } from '../../src/node/index.js';

export const { codec } = nodePorts;

/** Entries that follow on each other, of a kind that only tests have. */
export class TestChain {
  nextSeq: number;
  head: string;

  constructor(end: { nextSeq: number; head: string } = { nextSeq: 0, head: GENESIS_HASH }) {
    this.nextSeq = end.nextSeq;
    this.head = end.head;
  }

  line(data: object = { text: `entry ${this.nextSeq}: ü€😀` }): string {
    const kind = this.nextSeq === 0 ? 'LOG_OPENED' : 'TEST_ENTRY';
    const proposal = { kind, agent: 'tester', data: { format: LOG_FORMAT_VERSION, ...data } };
    const stamp = { busSeq: this.nextSeq++, time: 1_790_000_000_000, prev: this.head };
    const { line, hash } = encodeLine(proposal as never, stamp, (body) => codec.sha256(body));
    this.head = hash;
    return line;
  }

  lines(count: number, data?: object): string[] {
    return Array.from({ length: count }, () => this.line(data));
  }

  batch(count: number, data?: object): LogBatch {
    const firstSeq = this.nextSeq;
    const bytes = codec.utf8(this.lines(count, data).join(''));
    return { firstSeq, lastSeq: this.nextSeq - 1, bytes };
  }
}

/** A line with a hash that fits it, as a forger would write it. */
export function forge(line: string, change: (body: string) => string): string {
  const body = change(line.slice(0, -76));
  return `${body},"hash":"${codec.sha256(body)}"}\n`;
}

export function logOf(content: string | readonly string[] | Uint8Array): MemoryLogStore {
  const bytes = content instanceof Uint8Array ? content : codec.utf8(typeof content === 'string' ? content : content.join(''));
  return new MemoryLogStore({ bytes, codec });
}

/** The hash in a line. */
export function hashOf(line: string): string {
  return line.slice(-67, -3);
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
