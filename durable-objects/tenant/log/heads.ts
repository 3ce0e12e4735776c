import { bytesToHex } from '@noble/hashes/utils.js';
import type { DomainError } from '#domain/errors.ts';
import { formatCheckpoint, parseCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { treeRoot } from '#domain/ledger/log/merkle.ts';
import {
  formatNote,
  parseKey,
  parseSignature,
  signNote,
  type VerifierKey,
  type VerifyEd25519,
  verifySignature,
} from '#domain/ledger/log/note.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../../shared/sql.ts';
import type { SignedHead, Witness } from './rpc.ts';
import type { LogSigner } from './signer.ts';
import type { LogTree } from './tree.ts';

type HeadRow = { size: number; body: string; signature: string; cosignatures: string };

const COLUMNS = 'size, body, signature, cosignatures';
/** A head is signed by a handful of witnesses at most; the note has to stay a note. */
const MAX_WITNESSES = 20;

/** The signed heads of one log and their cosignatures (C2SP tlog-checkpoint, tlog-cosignature). */
export class LogHeads {
  readonly #sql: SqlStorage;
  readonly #tree: LogTree;
  readonly #origin: string;
  readonly #verify: VerifyEd25519;

  constructor(sql: SqlStorage, tree: LogTree, origin: string, verify: VerifyEd25519) {
    this.#sql = sql;
    this.#tree = tree;
    this.#origin = origin;
    this.#verify = verify;
  }

  /** The newest head, signed by the key of today. While it is being signed the tree may grow; the head is then of the size before. */
  async newest(signer: LogSigner): Promise<SignedHead> {
    const { size } = this.#tree;
    const key = signer.key(this.#origin);
    const known = this.#row(size);
    if (known && parseSignature(known.signature)?.id === key.id) return this.#show(known);
    const body = known?.body ?? this.#body(size);
    const signature = await signNote(key, signer.sign, body);
    run(
      this.#sql,
      `INSERT INTO checkpoints (${COLUMNS}) VALUES (?, ?, ?, '[]') ON CONFLICT (size) DO UPDATE SET signature = excluded.signature`,
      size,
      body,
      signature,
    );
    return this.#show(this.#row(size) ?? { size, body, signature, cosignatures: '[]' });
  }

  /** Of the heads that cover leaf `place`: the one that most witnesses signed, the newest of those; null when none is cosigned. */
  bestFor(place: number): SignedHead | null {
    const found = row<HeadRow>(
      this.#sql,
      `SELECT ${COLUMNS} FROM checkpoints WHERE size > ? AND cosignatures <> '[]'
       ORDER BY json_array_length(cosignatures) DESC, size DESC LIMIT 1`,
      place,
    );
    return found ? this.#show(found) : null;
  }

  at(size: number): SignedHead | null {
    const found = this.#row(size);
    return found ? this.#show(found) : null;
  }

  /** The newest first. */
  latest(limit: number): SignedHead[] {
    return rows<HeadRow>(
      this.#sql,
      `SELECT ${COLUMNS} FROM checkpoints ORDER BY size DESC LIMIT ?`,
      limit,
    ).map((head) => this.#show(head));
  }

  witnesses(): Witness[] {
    return rows<{ name: string; key: string; added_by: string; added_at: number }>(
      this.#sql,
      'SELECT name, key, added_by, added_at FROM witnesses ORDER BY name',
    ).map((w) => ({ ...w, added_at: new Date(w.added_at).toISOString() }));
  }

  addWitness(actor: string, now: number, a: { name: string; key: string }): Result<Witness, DomainError> {
    if (parseKey(a.key)?.type !== 'cosignature')
      return err({ code: 'invalid', field: 'key', detail: 'This is no key of a witness (C2SP, type 4).' });
    const known = this.witnesses();
    const same = known.find((w) => w.name === a.name);
    if (same && same.key === a.key) return ok(same);
    if (same)
      return err({ code: 'invalid', field: 'name', detail: 'Another witness has this name already.' });
    if (known.some((w) => w.key === a.key))
      return err({ code: 'invalid', field: 'key', detail: 'This witness has a name already.' });
    if (known.length >= MAX_WITNESSES)
      return err({ code: 'invalid', field: 'name', detail: `A log has ${MAX_WITNESSES} witnesses at most.` });
    run(
      this.#sql,
      'INSERT INTO witnesses (name, key, added_by, added_at) VALUES (?, ?, ?, ?)',
      a.name,
      a.key,
      actor,
      now,
    );
    return ok({ ...a, added_by: actor, added_at: new Date(now).toISOString() });
  }

  /** Only witnesses on record, only heads that this log has signed, only signatures that hold. A repeated line changes nothing. */
  async cosign(size: number, line: string): Promise<Result<SignedHead, DomainError>> {
    const head = this.#row(size);
    if (!head) return err({ code: 'not_found', what: `signed head of size ${size}` });
    const signature = parseSignature(line);
    const key = signature && this.#witnessKey(signature.name, signature.id);
    if (!signature || !key)
      return err({ code: 'invalid', field: 'cosignature', detail: 'It is not by a witness on record.' });
    if (!(await verifySignature(key, head.body, signature, this.#verify)))
      return err({ code: 'invalid', field: 'cosignature', detail: 'The signature does not hold.' });
    const now = this.#row(size) ?? head;
    const lines = JSON.parse(now.cosignatures) as string[];
    const others = lines.filter((l) => parseSignature(l)?.id !== signature.id);
    const cosignatures = JSON.stringify([...others, line]);
    if (!lines.includes(line))
      run(this.#sql, 'UPDATE checkpoints SET cosignatures = ? WHERE size = ?', cosignatures, size);
    return ok(this.#show({ ...now, cosignatures: lines.includes(line) ? now.cosignatures : cosignatures }));
  }

  #witnessKey(name: string, id: string): VerifierKey | null {
    const keys = this.witnesses().map((w) => parseKey(w.key));
    return keys.find((k) => k?.name === name && k.id === id) ?? null;
  }

  #body(size: number): string {
    return formatCheckpoint({ origin: this.#origin, size, root: treeRoot(this.#tree, size) });
  }

  #row(size: number): HeadRow | undefined {
    return row<HeadRow>(this.#sql, `SELECT ${COLUMNS} FROM checkpoints WHERE size = ?`, size);
  }

  #show({ size, body, signature, cosignatures }: HeadRow): SignedHead {
    const lines = JSON.parse(cosignatures) as string[];
    return {
      origin: this.#origin,
      size,
      root: bytesToHex(parseCheckpoint(body)?.root ?? new Uint8Array()),
      checkpoint: formatNote(body, [signature, ...lines]),
      cosigned_by: lines.flatMap((line) => parseSignature(line)?.name ?? []),
    };
  }
}
