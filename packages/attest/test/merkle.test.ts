/** The tree against the published vectors of RFC 6962's reference implementation, and against the RFC's own recursion. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { InclusionProver, rootFromPath } from '../src/inclusion.js';
import { CompactRange, leafHash, nodeHash } from '../src/merkle.js';
import { nodePorts } from '@omnipaw/kernel';

// Thousands of hashes and signatures, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const { codec } = nodePorts;

/** The eight leaves of the vectors that every implementation is tested with, and the roots of the first one, two, three … of them. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
/** Some of the published proofs: index, size, path. */
const PROOFS: readonly (readonly [number, number, readonly string[]])[] = [
  [0, 1, []],
  [0, 8, [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ]],
  [5, 8, [
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [1, 5, [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  ]],
];

const vectorLeaves = LEAVES.map((hex) => leafHash(Buffer.from(hex, 'hex'), codec));

describe('the published vectors', () => {
  test('give the root of no leaves and of the first one to eight', () => {
    const range = new CompactRange(codec);
    expect(range.root()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const roots = vectorLeaves.map((leaf) => {
      range.append(leaf);
      return range.root();
    });
    expect(roots).toEqual(ROOTS);
  });

  test.each(PROOFS)('give the proof of leaf %i of %i', (index, size, path) => {
    expect(pathOf(vectorLeaves.slice(0, size), index)).toEqual(path);
    expect(rootFromPath(vectorLeaves[index]!, { index, size }, { path, codec })).toBe(ROOTS[size - 1]);
  });
});

describe('trees of every size up to 70', () => {
  const leaves = leavesOf(70);

  test('have the root that the definition in the RFC gives', () => {
    const range = new CompactRange(codec);
    for (let size = 1; size <= leaves.length; size++) {
      range.append(leaves[size - 1]!);
      expect(range.root(), `size ${size}`).toBe(rootByDefinition(leaves.slice(0, size)));
    }
  });

  test('have proofs for every leaf, each of which leads to the root and fits no other place', () => {
    for (let size = 1; size <= leaves.length; size++) {
      const root = rootByDefinition(leaves.slice(0, size));
      for (let index = 0; index < size; index++) {
        const path = pathOf(leaves.slice(0, size), index);
        expect(path).toEqual(pathByDefinition(index, leaves.slice(0, size)));
        expect(rootFromPath(leaves[index]!, { index, size }, { path, codec })).toBe(root);
        if (size > 1) expect(rootFromPath(leaves[index]!, { index: (index + 1) % size, size }, { path, codec })).not.toBe(root);
      }
    }
  });
});

test('a proof that was changed anywhere leads elsewhere, whatever the tree', () => {
  const anyTree = fc.integer({ min: 2, max: 3_000 }).chain((size) =>
    fc.record({ size: fc.constant(size), index: fc.nat({ max: size - 1 }), level: fc.nat(), digit: fc.nat({ max: 63 }) }),
  );
  fc.assert(
    fc.property(anyTree, ({ size, index, level, digit }) => {
      const leaves = leavesOf(size);
      const path = pathOf(leaves, index);
      const root = rootFromPath(leaves[index]!, { index, size }, { path, codec });
      expect(root).toBe(rootByDefinition(leaves));
      const changed = [...path];
      changed[level % path.length] = flipped(path[level % path.length]!, digit);
      expect(rootFromPath(leaves[index]!, { index, size }, { path: changed, codec })).not.toBe(root);
      expect(rootFromPath(flipped(leaves[index]!, digit), { index, size }, { path, codec })).not.toBe(root);
      expect(rootFromPath(leaves[index]!, { index, size }, { path: path.slice(1), codec })).toBeUndefined();
      expect(rootFromPath(leaves[index]!, { index, size }, { path: [...path, root!], codec })).toBeUndefined();
    }),
    { numRuns: 25 },
  );
});

test('a place beyond the tree has no root', () => {
  expect(rootFromPath(vectorLeaves[0]!, { index: 8, size: 8 }, { path: [], codec })).toBeUndefined();
  expect(rootFromPath(vectorLeaves[0]!, { index: 0, size: 0 }, { path: [], codec })).toBeUndefined();
});

test('a node cannot be passed off as a leaf', () => {
  const [left, right] = vectorLeaves as [string, string];
  expect(leafHash(Buffer.from(left + right, 'hex'), codec)).not.toBe(nodeHash(left, right, codec));
});

function leavesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => leafHash(codec.utf8(`leaf ${index}`), codec));
}

function pathOf(leaves: readonly string[], index: number): string[] {
  const prover = new InclusionProver(index, leaves.length, codec);
  for (const leaf of leaves) prover.append(leaf);
  return prover.path();
}

/** MTH of RFC 6962, section 2.1, word for word. */
function rootByDefinition(leaves: readonly string[]): string {
  if (leaves.length === 1) return leaves[0]!;
  const split = splitOf(leaves.length);
  return nodeHash(rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split)), codec);
}

/** PATH of RFC 6962, section 2.1.1, word for word. */
function pathByDefinition(index: number, leaves: readonly string[]): string[] {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...pathByDefinition(index, left), rootByDefinition(right)]
    : [...pathByDefinition(index - split, right), rootByDefinition(left)];
}

function splitOf(length: number): number {
  return 2 ** Math.floor(Math.log2(length - 1));
}

function flipped(hash: string, digit: number): string {
  return hash.slice(0, digit) + (Number.parseInt(hash[digit]!, 16) ^ 1).toString(16) + hash.slice(digit + 1);
}
