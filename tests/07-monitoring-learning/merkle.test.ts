import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOfLeaf, leafBytes } from '#domain/ledger/log/leaf.ts';
import {
  consistencyProof,
  EMPTY_ROOT,
  type Hash,
  inclusionProof,
  leafHash,
  leavesOf,
  nodeHash,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '#domain/ledger/log/merkle.ts';

/** The eight entries, and the roots over the first 1 to 8 of them, that implementations of RFC 6962 and 9162 test themselves with. */
const ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
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
const standard = leavesOf(ENTRIES.map((hex) => leafHash(hexToBytes(hex))));
const numbered = (n: number): Hash[] =>
  Array.from({ length: n }, (_, i) => leafHash(utf8ToBytes(`leaf ${i}`)));
const otherHash = (h: Hash): Hash => Uint8Array.from(h, (byte, i) => (i === 0 ? byte ^ 1 : byte));

describe('the Merkle tree of RFC 9162', () => {
  it('LEDG-2: its roots are the published ones', () => {
    expect(ROOTS.map((_, i) => bytesToHex(treeRoot(standard, i + 1)))).toEqual(ROOTS);
    expect(bytesToHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('LEDG-2: an inclusion proof holds for its leaf, place, size and root, and for nothing else', () => {
    const leaves = numbered(40);
    const tree = leavesOf(leaves);
    for (let size = 1; size <= leaves.length; size++) {
      const root = treeRoot(tree, size);
      for (let i = 0; i < size; i++) {
        const proof = inclusionProof(tree, i, size);
        expect(verifyInclusion(leaves[i]!, i, size, proof, root)).toBe(true);
        expect(verifyInclusion(leaves[i]!, i + 1, size, proof, root)).toBe(false);
        expect(verifyInclusion(otherHash(leaves[i]!), i, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaves[i]!, i, size, [...proof, root], root)).toBe(false);
        expect(verifyInclusion(leaves[i]!, i, size, proof, otherHash(root))).toBe(false);
        if (proof.length > 0) {
          expect(verifyInclusion(leaves[i]!, i, size, proof.slice(1), root)).toBe(false);
          expect(verifyInclusion(leaves[i]!, i, size, [otherHash(proof[0]!), ...proof.slice(1)], root)).toBe(
            false,
          );
        }
      }
    }
  });

  it('LEDG-2: a consistency proof holds between any two sizes, and not for a tree with another past', () => {
    const leaves = numbered(34);
    const tree = leavesOf(leaves);
    const forged = leavesOf([otherHash(leaves[0]!), ...leaves.slice(1)]);
    for (let to = 0; to <= leaves.length; to++)
      for (let from = 0; from <= to; from++) {
        const proof = consistencyProof(tree, from, to);
        const [old, now] = [treeRoot(tree, from), treeRoot(tree, to)];
        expect(verifyConsistency({ size: from, root: old }, { size: to, root: now }, proof)).toBe(true);
        if (from === 0) continue;
        const other = { size: to, root: treeRoot(forged, to) };
        expect(verifyConsistency({ size: from, root: old }, other, consistencyProof(forged, from, to))).toBe(
          false,
        );
        const one = { size: from, root: otherHash(old) };
        expect(verifyConsistency(one, { size: to, root: now }, proof)).toBe(false);
        if (from === to) continue;
        const [first, ...rest] = proof;
        expect(
          verifyConsistency({ size: from, root: old }, { size: to, root: now }, [otherHash(first!), ...rest]),
        ).toBe(false);
        expect(verifyConsistency({ size: from, root: old }, { size: to, root: now }, rest)).toBe(false);
      }
  });

  it('LEDG-2: kept subtrees give the same roots and proofs as the leaves themselves', () => {
    const all = numbered(700);
    const plain = leavesOf(all);
    let kept = 0;
    const blocks = {
      ...plain,
      kept(from: number, width: number) {
        if (width !== 256 || from % 256 !== 0) return undefined;
        kept += 1;
        return treeRoot(leavesOf(all.slice(from, from + width)), width);
      },
    };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), (size, seed) => {
        const i = seed % size;
        expect(treeRoot(blocks, size)).toEqual(treeRoot(plain, size));
        expect(inclusionProof(blocks, i, size)).toEqual(inclusionProof(plain, i, size));
        expect(consistencyProof(blocks, i, size)).toEqual(consistencyProof(plain, i, size));
      }),
      { numRuns: 60 },
    );
    expect(kept).toBeGreaterThan(0);
  });

  it('LEDG-2: a leaf never passes for a node', () => {
    const [a, b] = numbered(2);
    const both = new Uint8Array(64);
    both.set(a!);
    both.set(b!, 32);
    expect(leafHash(both)).not.toEqual(nodeHash(a!, b!));
  });

  it('LEDG-2: a leaf is the canonical JSON of chain, number, seq and hash', () => {
    const leaf = { chain: 'pl_abcd', number: 12, seq: 77, hash: 'ab'.repeat(32) };
    const text = `{"chain":"pl_abcd","hash":"${'ab'.repeat(32)}","number":12,"seq":77}`;
    expect(new TextDecoder().decode(leafBytes(leaf))).toBe(text);
    expect(hashOfLeaf(leaf)).toEqual(leafHash(utf8ToBytes(text)));
  });
});
