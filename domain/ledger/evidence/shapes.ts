import { EVIDENCE_FORMAT, PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE } from './package.ts';
import { anything, count, either, exactly, hash, listOf, matching, object, text, truth } from './shape.ts';

const time = matching('a time like 2026-01-01T00:00:00.000Z', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const salt = matching('32 hex digits', /^[0-9a-f]{32}$/);

const frame = { seq: count, type: text, v: count, at: time, actor: text, prev_hash: hash, hash };
const event = either(
  (v) => typeof v === 'object' && v !== null && 'content' in v,
  object({ ...frame, content: hash }),
  object({ ...frame, body: anything, salt }),
);

const subject = object({ tenant: text, pipeline_id: text, number: count, events: count, head: hash });
const seqs = listOf(count);

export const packageShape = object({
  format: exactly(EVIDENCE_FORMAT),
  events: listOf(event),
  index: object({ actions: seqs, approvals: seqs, tokens: seqs, verdict: seqs }),
  log: object({
    leaf: object({ chain: text, number: count, seq: count, hash }),
    index: count,
    hashes: listOf(hash),
    checkpoint: text,
  }),
  policies: listOf(object({ version: text, documents: listOf(object({ name: text, sha256: hash, text })) })),
  statement: object({
    payloadType: exactly(PAYLOAD_TYPE),
    payload: text,
    signatures: listOf(object({ keyid: text, sig: text })),
  }),
  subject,
});

export const statementShape = object({
  _type: exactly(STATEMENT_TYPE),
  subject: listOf(object({ name: text, digest: object({ sha256: hash }) })),
  predicateType: exactly(PREDICATE_TYPE),
  predicate: object({
    subject,
    outcome: object({ state: text, exit_code: count, reason: text, sealed: truth }),
    parts: object({ index: hash, log: hash, policies: hash }),
    made_at: time,
  }),
});
