import type * as z from 'zod';
import { EraseRequest, Erasure, ErasurePage, ErasuresQuery } from '#contract/erasures.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import type { ErasureRecord } from '#objects/tenant/rpc.ts';
import { eraseContent, lookIntoArchive, notErasable, retentionPorts } from '#workers/retention/index.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { controlOf, must, pipelineOf } from '../scope.ts';

const shown = ({ erasure_id, seqs, documents, ...e }: ErasureRecord): Erasure => ({
  erasure_id,
  pipeline_id: e.pipeline_id,
  events: seqs,
  documents,
  reason: e.reason,
  asked_by: e.asked_by,
  asked_at: e.asked_at,
  done_at: e.done_at,
});

type Wanted = z.output<typeof EraseRequest>;

/** Hashes of the named documents, once everything that is named is there and may lose its content. */
async function documentHashes(asked: Asked, { pipeline_id, events, documents }: Wanted): Promise<string[]> {
  const stub = await pipelineOf(asked, pipeline_id);
  const here = await stub.erasable(asked.caller.tenant, events, documents);
  if (here.ok || here.error.code !== 'archived') return must(here);
  const archive = await controlOf(asked).archiveOf(pipeline_id);
  if (!archive?.removed_at) return must(here);
  const found = await lookIntoArchive(asked.env.ARCHIVES, archive.object_key, new Set(events));
  const wrong = notErasable(found, events);
  if (wrong !== null)
    throw found.types.has(wrong)
      ? problemOf({
          code: 'invalid',
          field: 'events',
          detail: `Event ${wrong} is ${found.types.get(wrong)}: it holds no content, or the proofs rest on it.`,
        })
      : problemOf({ code: 'not_found', what: `event ${wrong}` });
  return documents.map((name) => {
    const hash = found.documents.get(name);
    if (hash === undefined) throw problemOf({ code: 'not_found', what: `document ${name}` });
    return hash;
  });
}

const LIMIT = 50;

export const erasures = [
  endpoint('POST /api/pipeline/erase', {
    summary: 'Erase content of an ended pipeline for good; chain, proofs and evidence still verify (LEDG-2)',
    body: EraseRequest,
    answers: { 202: Erasure },
    problems: ['not_found', 'wrong_state', 'person_needed', 'archived', 'archive_unavailable'],
    async handle(asked) {
      const { caller, body, env, config, log } = asked;
      if (caller.subject_kind !== 'person')
        throw new ProblemError('person_needed', 'Only a person erases what was recorded.');
      const document_hashes = await documentHashes(asked, body);
      const control = controlOf(asked);
      const seqs = [...new Set(body.events)].sort((a, b) => a - b);
      const { pipeline_id, documents, reason } = body;
      const made = await control.recordErasure(actorOf(caller), {
        ...{ pipeline_id, seqs, documents, document_hashes, reason },
      });
      // What cannot be done now, because the ledger lags or does not answer, the clock does.
      const done = await eraseContent(retentionPorts(env, config, caller.tenant, log), made).catch(
        (error: unknown) => {
          log('warn', 'content could not be erased yet', { erasure_id: made.erasure_id, error });
          return 'waiting' as const;
        },
      );
      const done_at = done === 'done' ? new Date().toISOString() : null;
      return json(202, { ...shown(made), done_at });
    },
  }),
  endpoint('GET /api/erasures', {
    summary: 'What was erased, by whom and why, newest first (LEDG-2)',
    query: ErasuresQuery,
    answers: { 200: ErasurePage },
    async handle(asked) {
      const { limit = LIMIT, cursor } = asked.query;
      const before = cursor === undefined ? null : Number(cursor);
      const found = await controlOf(asked).listErasures({ before, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return json(200, {
        items: items.map(shown),
        next_cursor: found.length > limit && last ? String(last.log_seq) : null,
      });
    },
  }),
];
