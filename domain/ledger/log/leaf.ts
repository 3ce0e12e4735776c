import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonical.ts';
import { type Hash, leafHash } from './merkle.ts';

/** The chain of a tenant's administration, beside those of its pipelines. It has number 0; pipelines count from 1. */
export const CONTROL_CHAIN = 'control';

/** LEDG-2: one leaf of a tenant's log: where a chain stood. */
export interface LogLeaf {
  /** A pipeline's id, or {@link CONTROL_CHAIN}. */
  chain: string;
  /** The pipeline's number within its tenant, so that a missing one shows. */
  number: number;
  /** The chain's newest event at that time, and its hash in lower-case hex. */
  seq: number;
  hash: string;
}

/** What is hashed into the tree: canonical JSON in UTF-8. */
export const leafBytes = ({ chain, number, seq, hash }: LogLeaf): Uint8Array =>
  utf8ToBytes(canonicalJson({ chain, number, seq, hash }));

export const hashOfLeaf = (leaf: LogLeaf): Hash => leafHash(leafBytes(leaf));
