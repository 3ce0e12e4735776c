import * as z from 'zod';
import { page } from '#contract/primitives.ts';
import {
  ConsistencyProof,
  ConsistencyQuery,
  CosignatureRequest,
  HeadPage,
  HeadsQuery,
  InclusionProof,
  InclusionQuery,
  LeafPage,
  LeavesQuery,
  LedgerKeys,
  LedgerKeysQuery,
  NewWitness,
  TreeHead,
  Witness,
} from '#contract/tree.ts';
import { toBase64 } from '#domain/ledger/base64.ts';
import { logOrigin } from '#domain/ledger/log/checkpoint.ts';
import { formatKey, verifierKey } from '#domain/ledger/log/note.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { publicKeys } from '#workers/ledger/index.ts';
import { all, endpoint, json } from '../endpoint.ts';
import { controlOf, logOf, must, pipelineOf } from '../scope.ts';

const DEFAULT_LEAVES = 500;
const DEFAULT_HEADS = 20;
const Nothing = z.strictObject({});

/** LEDG-2. */
const reading = [
  endpoint('GET /api/ledger/keys', {
    summary:
      'The public keys of a tenant’s log, also those that sign no more; says nothing about whether the tenant exists',
    query: LedgerKeysQuery,
    answers: { 200: LedgerKeys },
    async handle({ config, query }) {
      const origin = logOrigin(config.ledger.origin, query.tenant);
      const keys = (await publicKeys(config.ledger)).map(({ kid, publicKey }, i) => {
        const key = verifierKey(origin, 'ed25519', publicKey);
        const ids = { kid, key_id: key.id, algorithm: 'Ed25519' as const };
        return { ...ids, key: formatKey(key), public_key: toBase64(publicKey), signs: i === 0 };
      });
      const trust = keys.map(({ key }) => `log ${key}\n`).join('');
      return json(200, { origin, keys, trust }, { 'cache-control': 'public, max-age=300' });
    },
  }),
  endpoint('GET /api/ledger/head', {
    summary: 'The newest tree head, signed (LEDG-2)',
    query: Nothing,
    answers: { 200: TreeHead },
    handle: async (asked) => json(200, await logOf(asked).head(asked.caller.tenant)),
  }),
  endpoint('GET /api/ledger/heads', {
    summary: 'Tree heads that were signed, the newest first, with who has cosigned them (LEDG-2)',
    query: HeadsQuery,
    answers: { 200: HeadPage },
    async handle(asked) {
      const { tenant } = asked.caller;
      return json(200, all(await logOf(asked).heads(tenant, asked.query.limit ?? DEFAULT_HEADS)));
    },
  }),
  endpoint('GET /api/ledger/inclusion', {
    summary:
      'That the head of a pipeline’s chain is in the log; without `size`, in the head that most witnesses signed',
    query: InclusionQuery,
    answers: { 200: InclusionProof },
    problems: ['not_found'],
    async handle(asked) {
      const { pipeline_id, seq, size = null } = asked.query;
      // The proof names the pipeline's number and hash: a key for another project must not see it.
      await pipelineOf(asked, pipeline_id);
      return json(200, must(await logOf(asked).inclusion(asked.caller.tenant, pipeline_id, seq, size)));
    },
  }),
  endpoint('GET /api/ledger/consistency', {
    summary: 'That the log of `from` leaves is the beginning of the log of `to`',
    query: ConsistencyQuery,
    answers: { 200: ConsistencyProof },
    problems: ['not_found'],
    async handle(asked) {
      const { from, to } = asked.query;
      const { hashes } = must(await logOf(asked).consistency(asked.caller.tenant, from, to));
      return json(200, { from, to, hashes });
    },
  }),
  endpoint('GET /api/ledger/leaves', {
    summary: 'The log’s leaves in order, for whoever recomputes the tree or looks for missing numbers',
    query: LeavesQuery,
    answers: { 200: LeafPage },
    async handle(asked) {
      const { start = 0, limit = DEFAULT_LEAVES } = asked.query;
      const items = await logOf(asked).leaves(asked.caller.tenant, start, limit);
      return json(200, { items, next_cursor: items.length === limit ? String(start + limit) : null });
    },
  }),
];

const witnessing = [
  endpoint('GET /api/ledger/witnesses', {
    summary: 'Who may cosign this tenant’s tree heads',
    query: Nothing,
    answers: { 200: page(Witness) },
    handle: async (asked) => json(200, all(await logOf(asked).witnesses(asked.caller.tenant))),
  }),
  endpoint('POST /api/ledger/witnesses', {
    summary: 'Take the cosignatures of another witness; for good, since heads that it signed stay signed',
    body: NewWitness,
    answers: { 201: Witness },
    async handle(asked) {
      const { caller, body } = asked;
      const { tenant } = caller;
      const known = await logOf(asked).witnesses(tenant);
      const added = must(await logOf(asked).addWitness(tenant, actorOf(caller), body));
      if (!known.some((w) => w.name === added.name))
        await controlOf(asked).noteWitness(actorOf(caller), body);
      return json(201, added);
    },
  }),
  endpoint('POST /api/ledger/cosignatures', {
    summary: 'Add a witness’s signature to the tree head of a size',
    body: CosignatureRequest,
    answers: { 200: TreeHead },
    problems: ['not_found'],
    async handle(asked) {
      const { size, cosignature } = asked.body;
      return json(200, must(await logOf(asked).cosign(asked.caller.tenant, size, cosignature)));
    },
  }),
];

export const tree = [...reading, ...witnessing];
