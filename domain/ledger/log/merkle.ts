import { sha256 } from '@noble/hashes/sha2.js';

/** A SHA-256 hash, 32 bytes. */
export type Hash = Uint8Array;

/** RFC 9162, section 2.1.1: leaves and nodes are hashed with another first byte, so that neither passes for the other. */
export const leafHash = (leaf: Uint8Array): Hash => sha256.create().update(LEAF).update(leaf).digest();
export const nodeHash = (left: Hash, right: Hash): Hash =>
  sha256.create().update(NODE).update(left).update(right).digest();
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
export const EMPTY_ROOT: Hash = sha256(new Uint8Array());

/** How a tree is read: the hash of leaf `i`, and, where somebody keeps it, of a whole aligned run of leaves. */
export interface Leaves {
  leaf(index: number): Hash;
  /** The hash of leaves `from` to `from + width - 1`; undefined to have it computed. */
  kept?(from: number, width: number): Hash | undefined;
}

export const leavesOf = (hashes: readonly Hash[]): Leaves => ({
  leaf: (i) => {
    const hash = hashes[i];
    if (!hash) throw new RangeError(`the tree has ${hashes.length} leaves, there is no leaf ${i}`);
    return hash;
  },
});

/** The largest power of two below `n`; `n` is at least 2. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** MTH of leaves `from` to `to - 1`. */
function subtree(leaves: Leaves, from: number, to: number): Hash {
  const width = to - from;
  if (width === 0) return EMPTY_ROOT;
  if (width === 1) return leaves.leaf(from);
  const kept = leaves.kept?.(from, width);
  if (kept) return kept;
  const k = split(width);
  return nodeHash(subtree(leaves, from, from + k), subtree(leaves, from + k, to));
}

/** RFC 9162, 2.1.1: the root over the first `size` leaves. */
export const treeRoot = (leaves: Leaves, size: number): Hash => subtree(leaves, 0, size);

/** RFC 9162, 2.1.3.1: shows that leaf `index` is in the tree of `size` leaves. From the leaf up. */
export function inclusionProof(leaves: Leaves, index: number, size: number): Hash[] {
  if (index < 0 || index >= size) throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  const path = (m: number, from: number, to: number): Hash[] => {
    if (to - from === 1) return [];
    const k = split(to - from);
    return m < k
      ? [...path(m, from, from + k), subtree(leaves, from + k, to)]
      : [...path(m - k, from + k, to), subtree(leaves, from, from + k)];
  };
  return path(index, 0, size);
}

/** RFC 9162, 2.1.4.1: shows that the tree of `from` leaves is the beginning of the tree of `to`. Empty when they are the same, or `from` is 0. */
export function consistencyProof(leaves: Leaves, from: number, to: number): Hash[] {
  if (from < 0 || from > to) throw new RangeError(`a tree of ${to} does not contain one of ${from}`);
  if (from === 0 || from === to) return [];
  const proof = (m: number, lo: number, hi: number, whole: boolean): Hash[] => {
    if (m === hi - lo) return whole ? [] : [subtree(leaves, lo, hi)];
    const k = split(hi - lo);
    return m <= k
      ? [...proof(m, lo, lo + k, whole), subtree(leaves, lo + k, hi)]
      : [...proof(m - k, lo + k, hi, false), subtree(leaves, lo, lo + k)];
  };
  return proof(from, 0, to, true);
}

const same = (a: Hash, b: Hash): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** RFC 9162, 2.1.3.2. */
export function verifyInclusion(
  leaf: Hash,
  index: number,
  size: number,
  proof: readonly Hash[],
  root: Hash,
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const p of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(p, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else hash = nodeHash(hash, p);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && same(hash, root);
}

/** RFC 9162, 2.1.4.2. A tree of no leaves is the beginning of every tree. */
export function verifyConsistency(
  from: { size: number; root: Hash },
  to: { size: number; root: Hash },
  proof: readonly Hash[],
): boolean {
  if (from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && same(from.root, to.root);
  if (from.size === 0) return proof.length === 0 && same(from.root, EMPTY_ROOT);
  let [fn, sn] = [from.size - 1, to.size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  // A complete tree's own root is not part of the proof.
  const rest = [...proof];
  const first = fn === 0 ? from.root : rest.shift();
  if (!first) return false;
  let [fr, sr] = [first, first];
  for (const c of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(c, fr), nodeHash(c, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else sr = nodeHash(sr, c);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && same(fr, from.root) && same(sr, to.root);
}
