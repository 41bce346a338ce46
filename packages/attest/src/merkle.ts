/**
 * The Merkle tree of RFC 6962 (section 2.1; the same in RFC 9162), over any leaves.
 *
 * Hashes are SHA-256 in lower-case hexadecimal. A leaf and a node are hashed with different first bytes, so that neither
 * can be passed off as the other.
 */
import type { Codec } from '@omnipaw/kernel';
import { fromHex, writeHex } from './encodings.js';

const [LEAF, NODE] = [0, 1];
const HASH_BYTES = 32;

/** The hash of a leaf, which may be any bytes. */
export function leafHash(leaf: Uint8Array, codec: Codec): string {
  const bytes = new Uint8Array(1 + leaf.length);
  bytes[0] = LEAF;
  bytes.set(leaf, 1);
  return codec.sha256(bytes);
}

/** The leaf of an entry is its hash, as 32 bytes: that covers the whole line, so a tree can be made of hashes alone. */
export function entryLeaf(hash: string, codec: Codec): string {
  return leafHash(fromHex(hash), codec);
}

export function nodeHash(left: string, right: string, codec: Codec): string {
  const bytes = new Uint8Array(1 + 2 * HASH_BYTES);
  bytes[0] = NODE;
  writeHex(left, bytes, 1);
  writeHex(right, bytes, 1 + HASH_BYTES);
  return codec.sha256(bytes);
}

/**
 * A tree that grows at its end and can tell its root at any time.
 *
 * It keeps the roots of the largest complete subtrees only, one for each bit of the size: a *compact range*.
 */
export class CompactRange {
  readonly #codec: Codec;
  /** The largest first. */
  readonly #subtrees: string[] = [];
  #size = 0;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** How many leaves it has. */
  get size(): number {
    return this.#size;
  }

  append(leaf: string): void {
    let node = leaf;
    // A carry, as in counting: each set bit at the end is a subtree that is completed now.
    for (let below = this.#size; below % 2 === 1; below = (below - 1) / 2) node = nodeHash(this.#subtrees.pop()!, node, this.#codec);
    this.#subtrees.push(node);
    this.#size++;
  }

  /** The root over all leaves; of no leaves, the hash of nothing. */
  root(): string {
    if (this.#size === 0) return this.#codec.sha256('');
    return this.#subtrees.reduceRight((right, left) => nodeHash(left, right, this.#codec));
  }
}
