import type { LogLeaf } from '#domain/ledger/log/leaf.ts';
import { row, run } from '../../shared/sql.ts';
import type { ChainReport, Sequenced } from './rpc.ts';
import type { LogTree } from './tree.ts';

/**
 * A chain that moves is sequenced at most this often (ms): each leaf is a billed row, and a later head commits to every event before it.
 * Where a chain settles (it ended, or waits) its head is sequenced at once.
 */
export const SEQUENCE_EVERY = 30_000;

type LeafRow = { seq: number; number: number; hash: string; at: number };

const COLUMNS = 'seq, number, hash, at';

function judge(sql: SqlStorage, report: ChainReport, now: number): Omit<Sequenced, 'chain' | 'seq'> {
  const { chain, number, seq, hash } = report;
  const same = row<LeafRow>(sql, `SELECT ${COLUMNS} FROM leaves WHERE chain = ? AND seq = ?`, chain, seq);
  const newest =
    same ??
    row<LeafRow>(sql, `SELECT ${COLUMNS} FROM leaves WHERE chain = ? ORDER BY seq DESC LIMIT 1`, chain);
  if (same?.hash === hash && same.number === number) return { status: 'known', known_hash: null };
  if (same || (newest && newest.number !== number))
    return { status: 'conflict', known_hash: newest?.hash ?? null };
  if (newest && seq < newest.seq) return { status: 'older', known_hash: null };
  const tooSoon = newest !== undefined && now < newest.at + SEQUENCE_EVERY;
  return { status: tooSoon && !report.settled ? 'deferred' : 'sequenced', known_hash: null };
}

/** Inside a transaction: appends what is new and due, and says of every report what became of it. */
export function sequence(
  sql: SqlStorage,
  tree: LogTree,
  reports: readonly ChainReport[],
  now: number,
): Sequenced[] {
  const fresh: LogLeaf[] = [];
  const done = reports.map((report): Sequenced => {
    const { chain, number, seq, hash } = report;
    const judged = judge(sql, report, now);
    if (judged.status === 'sequenced') {
      run(
        sql,
        'INSERT INTO leaves (chain, seq, number, hash, place, at) VALUES (?, ?, ?, ?, ?, ?)',
        chain,
        seq,
        number,
        hash,
        tree.size + fresh.length,
        now,
      );
      fresh.push({ chain, number, seq, hash });
    }
    return { chain, seq, ...judged };
  });
  tree.append(fresh);
  return done;
}
