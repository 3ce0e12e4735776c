import { DurableObject } from 'cloudflare:workers';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DomainError } from '#domain/errors.ts';
import { logOrigin } from '#domain/ledger/log/checkpoint.ts';
import type { LogLeaf } from '#domain/ledger/log/leaf.ts';
import { consistencyProof, inclusionProof } from '#domain/ledger/log/merkle.ts';
import type { VerifyEd25519 } from '#domain/ledger/log/note.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { hasSchema, migrate } from '../../shared/schema.ts';
import { row, run } from '../../shared/sql.ts';
import { LogHeads } from './heads.ts';
import type { ChainReport, InclusionAnswer, LogRpc, Sequenced, SignedHead, Witness } from './rpc.ts';
import { sequence } from './sequence.ts';
import type { LogSigner } from './signer.ts';
import { LOG_MIGRATIONS } from './tables.ts';
import { LogTree } from './tree.ts';

export interface LogPorts {
  /** Begins the name of every log of this deployment. A log keeps the name it began with. */
  deployment: string;
  signer(): Promise<LogSigner>;
  verify: VerifyEd25519;
  /** Milliseconds since 1970. */
  now?: () => number;
}

interface OpenLog {
  tenant: string;
  tree: LogTree;
  heads: LogHeads;
}

/** One tenant's log (LEDG-2): a thin shell over the tree, its sequence and its signed heads. */
export class TenantLog extends DurableObject implements LogRpc {
  readonly #storage: DurableObjectStorage;
  readonly #ports: LogPorts;
  /** null until the tenant's log is first used. */
  #log: OpenLog | null = null;

  constructor(ctx: DurableObjectState, env: object, ports: LogPorts) {
    super(ctx, env as Cloudflare.Env);
    this.#storage = ctx.storage;
    this.#ports = ports;
    if (!hasSchema(ctx.storage)) return;
    migrate(ctx.storage, LOG_MIGRATIONS);
    const found = row<{ tenant: string; origin: string }>(ctx.storage.sql, 'SELECT tenant, origin FROM log');
    if (found) this.#log = this.#opened(found.tenant, found.origin);
  }

  #opened(tenant: string, origin: string): OpenLog {
    const tree = new LogTree(this.#storage.sql);
    tree.load();
    return { tenant, tree, heads: new LogHeads(this.#storage.sql, tree, origin, this.#ports.verify) };
  }

  /** Throws for another tenant than the one this object began with: its name says which it is. */
  #of(tenant: string): OpenLog {
    const origin = logOrigin(this.#ports.deployment, tenant);
    this.#log ??= this.#storage.transactionSync(() => {
      migrate(this.#storage, LOG_MIGRATIONS);
      run(this.#storage.sql, 'INSERT INTO log (one, tenant, origin) VALUES (1, ?, ?)', tenant, origin);
      return this.#opened(tenant, origin);
    });
    if (this.#log.tenant !== tenant) throw new Error('this log is another tenant’s');
    return this.#log;
  }

  async submit(tenant: string, reports: ChainReport[]): Promise<Sequenced[]> {
    const { tree } = this.#of(tenant);
    try {
      return this.#storage.transactionSync(() =>
        sequence(this.#storage.sql, tree, reports, (this.#ports.now ?? Date.now)()),
      );
    } catch (error) {
      tree.load();
      throw error;
    }
  }

  async head(tenant: string): Promise<SignedHead> {
    return this.#of(tenant).heads.newest(await this.#ports.signer());
  }

  async heads(tenant: string, limit: number): Promise<SignedHead[]> {
    return this.#of(tenant).heads.latest(limit);
  }

  async inclusion(
    tenant: string,
    chain: string,
    seq: number,
    size: number | null,
  ): Promise<Result<InclusionAnswer, DomainError>> {
    const { tree, heads } = this.#of(tenant);
    const found = row<{ place: number; number: number; hash: string }>(
      this.#storage.sql,
      'SELECT place, number, hash FROM leaves WHERE chain = ? AND seq = ?',
      chain,
      seq,
    );
    if (!found) return err({ code: 'not_found', what: `leaf for event ${seq} of ${chain}` });
    const { place: index, number, hash } = found;
    const head = size === null ? (heads.bestFor(index) ?? (await this.head(tenant))) : heads.at(size);
    if (!head || head.size <= index)
      return err({ code: 'not_found', what: `signed head of size ${size} with that leaf` });
    return ok({
      leaf: { chain, number, seq, hash },
      index,
      size: head.size,
      hashes: inclusionProof(tree, index, head.size).map(bytesToHex),
      checkpoint: head.checkpoint,
    });
  }

  async consistency(
    tenant: string,
    from: number,
    to: number,
  ): Promise<Result<{ hashes: string[] }, DomainError>> {
    const { tree } = this.#of(tenant);
    if (from > to) return err({ code: 'invalid', field: 'from', detail: 'It is larger than `to`.' });
    if (to > tree.size)
      return err({ code: 'not_found', what: `size ${to}; the log has ${tree.size} leaves` });
    return ok({ hashes: consistencyProof(tree, from, to).map(bytesToHex) });
  }

  async leaves(tenant: string, start: number, limit: number): Promise<LogLeaf[]> {
    return this.#of(tenant).tree.slice(start, limit);
  }

  async witnesses(tenant: string): Promise<Witness[]> {
    return this.#of(tenant).heads.witnesses();
  }

  async addWitness(
    tenant: string,
    actor: string,
    witness: { name: string; key: string },
  ): Promise<Result<Witness, DomainError>> {
    const { heads } = this.#of(tenant);
    return this.#storage.transactionSync(() =>
      heads.addWitness(actor, (this.#ports.now ?? Date.now)(), witness),
    );
  }

  async cosign(tenant: string, size: number, line: string): Promise<Result<SignedHead, DomainError>> {
    return this.#of(tenant).heads.cosign(size, line);
  }
}
