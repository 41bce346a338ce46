/** Proofs that a leaf is in a tree (RFC 6962, section 2.1.1; RFC 9162, section 2.1.3): made in one pass, checked without the tree. */
import type { Codec } from '@omnipaw/kernel';
import { CompactRange, nodeHash } from './merkle.js';

/** Consecutive leaves that have a root of their own: from `start` up to, and without, `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a proof has to hold: the subtrees beside the way from a leaf to the root, the leaf's own sibling first. */
function siblingsOf(index: number, size: number): Span[] {
  const siblings: Span[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + largestPowerOfTwoBelow(end - start);
    if (index < middle) {
      siblings.push({ start: middle, end });
      end = middle;
    } else {
      siblings.push({ start, end: middle });
      start = middle;
    }
  }
  return siblings.reverse();
}

function largestPowerOfTwoBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** Makes the proof for one leaf while all leaves of the tree pass by; keeps no more of them than the proof needs. */
export class InclusionProver {
  readonly #index: number;
  readonly #subtrees: readonly (Span & { readonly range: CompactRange })[];
  #position = 0;

  constructor(index: number, size: number, codec: Codec) {
    this.#index = index;
    this.#subtrees = siblingsOf(index, size).map((span) => ({ ...span, range: new CompactRange(codec) }));
  }

  append(leaf: string): void {
    const position = this.#position++;
    if (position === this.#index) return;
    this.#subtrees.find(({ start, end }) => start <= position && position < end)?.range.append(leaf);
  }

  /** The hashes from the leaf's sibling up to the root's child; once all leaves have passed. */
  path(): string[] {
    return this.#subtrees.map(({ range }) => range.root());
  }
}

/** Where a leaf stands, and in a tree of which size. */
export interface LeafPlace {
  readonly index: number;
  readonly size: number;
}

/** The root of the tree that has a leaf at this place, as a proof tells it; undefined if the proof is of another length. */
export function rootFromPath(leaf: string, { index, size }: LeafPlace, { path, codec }: { path: readonly string[]; codec: Codec }): string | undefined {
  const siblings = siblingsOf(index, size);
  if (index >= size || path.length !== siblings.length) return undefined;
  return path.reduce((node, sibling, level) => {
    const isRight = siblings[level]!.start > index;
    return isRight ? nodeHash(node, sibling, codec) : nodeHash(sibling, node, codec);
  }, leaf);
}
