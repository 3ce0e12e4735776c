import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { hashOfLeaf, type LogLeaf } from '#domain/ledger/log/leaf.ts';
import { type Hash, type Leaves, leavesOf, treeRoot } from '#domain/ledger/log/merkle.ts';
import { row, rows, run } from '../../shared/sql.ts';

/** Leaves in one row; the hash over a full bundle is kept, so that a root over a million leaves hashes 4,000 blocks. */
export const BUNDLE = 256;

const bundleOf = (place: number): number => Math.floor(place / BUNDLE);

/** The tree in the object's tables. Its newest, unfinished bundle and the blocks' hashes are in memory (32 bytes for 256 leaves). */
export class LogTree implements Leaves {
  readonly #sql: SqlStorage;
  #blocks: Hash[] = [];
  #tail: LogLeaf[] = [];
  #tailHashes: Hash[] = [];
  /** The full bundle that was read last; a proof reads at most two. */
  #read: { n: number; leaves: LogLeaf[]; hashes: Hash[] } | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  load(): void {
    this.#blocks = rows<{ hash: string }>(this.#sql, 'SELECT hash FROM blocks ORDER BY n').map((b) =>
      hexToBytes(b.hash),
    );
    this.#tail = this.#bundle(this.#blocks.length);
    this.#tailHashes = this.#tail.map(hashOfLeaf);
    this.#read = null;
  }

  get size(): number {
    return this.#blocks.length * BUNDLE + this.#tail.length;
  }

  leaf(place: number): Hash {
    const n = bundleOf(place);
    const hashes = n === this.#blocks.length ? this.#tailHashes : this.#full(n).hashes;
    return leavesOf(hashes).leaf(place % BUNDLE);
  }

  kept(from: number, width: number): Hash | undefined {
    return width === BUNDLE && from % BUNDLE === 0 ? this.#blocks[from / BUNDLE] : undefined;
  }

  /** Leaves from `start` on, at most `limit`. */
  slice(start: number, limit: number): LogLeaf[] {
    const found: LogLeaf[] = [];
    for (let place = start; place < this.size && found.length < limit; ) {
      const n = bundleOf(place);
      const bundle = n === this.#blocks.length ? this.#tail : this.#full(n).leaves;
      const part = bundle.slice(place % BUNDLE, (place % BUNDLE) + limit - found.length);
      found.push(...part);
      place += part.length;
    }
    return found;
  }

  /** Inside a transaction. If that fails, {@link load} brings back what stands in the tables. */
  append(leaves: readonly LogLeaf[]): void {
    if (leaves.length === 0) return;
    for (const leaf of leaves) {
      this.#tail.push(leaf);
      this.#tailHashes.push(hashOfLeaf(leaf));
      if (this.#tail.length === BUNDLE) this.#close();
    }
    if (this.#tail.length > 0) this.#save();
  }

  #close(): void {
    this.#save();
    const hash = treeRoot(leavesOf(this.#tailHashes), BUNDLE);
    run(this.#sql, 'INSERT INTO blocks (n, hash) VALUES (?, ?)', this.#blocks.length, bytesToHex(hash));
    this.#blocks.push(hash);
    this.#tail = [];
    this.#tailHashes = [];
  }

  #save(): void {
    run(
      this.#sql,
      'INSERT INTO bundles (n, leaves) VALUES (?, ?) ON CONFLICT (n) DO UPDATE SET leaves = excluded.leaves',
      this.#blocks.length,
      JSON.stringify(this.#tail),
    );
  }

  #bundle(n: number): LogLeaf[] {
    const found = row<{ leaves: string }>(this.#sql, 'SELECT leaves FROM bundles WHERE n = ?', n);
    return found ? (JSON.parse(found.leaves) as LogLeaf[]) : [];
  }

  #full(n: number): { leaves: LogLeaf[]; hashes: Hash[] } {
    if (this.#read?.n === n) return this.#read;
    const leaves = this.#bundle(n);
    this.#read = { n, leaves, hashes: leaves.map(hashOfLeaf) };
    return this.#read;
  }
}
