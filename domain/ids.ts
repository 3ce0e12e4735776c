import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** Crockford's base32 in lower case: no i, l, o, u, so that an id read aloud stays the same id. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Five bits per character; the tail is padded with zero bits. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

const PIPELINE_ID_CHARS = 20;

/** An id from random bytes that the caller drew: `prefix_` and up to 26 characters. 12 bytes and more are collision-free in practice. */
export const randomId = (prefix: string, bytes: Uint8Array): string =>
  `${prefix}_${base32(bytes).slice(0, 26)}`;

/** PIPE-9: the id derives from tenant and key, so that a repeated spawn finds the first one's pipeline. */
export const pipelineIdFor = (tenant: string, idempotencyKey: string): string =>
  `pl_${base32(sha256(utf8ToBytes(`${tenant}\n${idempotencyKey}`))).slice(0, PIPELINE_ID_CHARS)}`;

/** Ids inside a pipeline carry the pipeline's, so that they are unique everywhere and name their pipeline. */
const within =
  (prefix: string) =>
  (pipelineId: string, n: number): string =>
    `${prefix}_${pipelineId.slice(3)}_${n}`;

export const agentId = within('ag');
export const stepId = within('st');
export const findingId = within('fd');
export const proposalId = within('pp');
export const actionId = within('ac');
export const violationId = within('vi');
export const logId = within('lg');
export const approvalId = within('ap');
export const bugId = within('bg');
/** ENF-6: a switch of one pipeline or agent; wider ones have random ids, which name no pipeline. */
export const killId = within('ks');

/** The pipeline that an id made by {@link agentId} and its kin belongs to; null for anything else. */
export function pipelineIdOf(id: string): string | null {
  const match = /^(?:ag|st|fd|pp|ac|vi|lg|ap|ks|bg)_([a-z0-9]{4,26})_\d+$/.exec(id);
  return match ? `pl_${match[1]}` : null;
}

/** LEDG-1: the id that a tenant's own log of changes (people, keys, projects, quotas …) goes under in the ledger, beside its pipelines. */
export const controlLogId = (tenant: string): string => `ct_${tenant}`;
