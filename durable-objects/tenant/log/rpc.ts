import type { DomainError } from '#domain/errors.ts';
import type { LogLeaf } from '#domain/ledger/log/leaf.ts';
import type { Result } from '#domain/result.ts';

/** Where a chain stands. `settled`: it will not move soon, so this head must not wait for the next one. */
export interface ChainReport extends LogLeaf {
  settled: boolean;
}

/**
 * What became of a report. `deferred`: a newer head of the chain will be sequenced soon; `older`: one is already. `conflict`: the log has
 * another hash, or another number, for this chain and event.
 */
export interface Sequenced {
  chain: string;
  seq: number;
  status: 'sequenced' | 'known' | 'deferred' | 'older' | 'conflict';
  /** The log's own; of a conflict. */
  known_hash: string | null;
}

export interface SignedHead {
  origin: string;
  size: number;
  /** Hex. */
  root: string;
  /** C2SP signed note with the log's signature and the witnesses'. */
  checkpoint: string;
  /** Names of witnesses that signed this very head. */
  cosigned_by: string[];
}

export interface InclusionAnswer {
  leaf: LogLeaf;
  index: number;
  size: number;
  /** Hex, from the leaf up. */
  hashes: string[];
  checkpoint: string;
}

export interface Witness {
  name: string;
  /** C2SP verifier key of a cosigner. */
  key: string;
  added_by: string;
  added_at: string;
}

/**
 * One per tenant (class `LogObject`, binding `LOG`, name `t/{tenant}/log`): the Merkle tree over the heads of the tenant's chains (LEDG-2).
 * Every call names the tenant again.
 */
export interface LogRpc {
  /** Idempotent, and indifferent to the order of calls. */
  submit(tenant: string, reports: ChainReport[]): Promise<Sequenced[]>;
  head(tenant: string): Promise<SignedHead>;
  /** Heads that were signed, the newest first. */
  heads(tenant: string, limit: number): Promise<SignedHead[]>;
  /** Of the chain's leaf for `seq`, in the tree of `size`, or of the newest signed head that most witnesses signed. */
  inclusion(
    tenant: string,
    chain: string,
    seq: number,
    size: number | null,
  ): Promise<Result<InclusionAnswer, DomainError>>;
  consistency(tenant: string, from: number, to: number): Promise<Result<{ hashes: string[] }, DomainError>>;
  leaves(tenant: string, start: number, limit: number): Promise<LogLeaf[]>;
  witnesses(tenant: string): Promise<Witness[]>;
  addWitness(
    tenant: string,
    actor: string,
    witness: { name: string; key: string },
  ): Promise<Result<Witness, DomainError>>;
  /** A witness's line for the signed head of `size`. */
  cosign(tenant: string, size: number, line: string): Promise<Result<SignedHead, DomainError>>;
}

export const logObjectName = (tenant: string): string => `t/${tenant}/log`;
