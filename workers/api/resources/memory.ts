import * as z from 'zod';
import { Cursor, Limit, page, Time } from '#contract/primitives.ts';
import { randomId } from '#domain/ids.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import {
  ledgerBytes,
  listMemory,
  MAX_MEMORY_BYTES,
  readMemory,
  searchMemory,
  writeMemory,
} from '#workers/ledger/index.ts';
import { endpoint, json } from '../endpoint.ts';
import { bytesOf, REPLAYED, repeatOf } from '../idempotency.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { controlOf, existingProject, fromLedger, inScope, must, projectFor } from '../scope.ts';

/** MEM-1: what a listing shows of a text; characters. */
const SUMMARY_CHARS = 400;
/** JSON escapes may double a text. */
const BODY_LIMIT = MAX_MEMORY_BYTES * 2;

const NewMemory = z.strictObject({
  title: z.string().trim().min(1).max(200),
  text: z.string().min(1).max(MAX_MEMORY_BYTES),
  summary: z.string().trim().min(1).max(2_000).optional(),
  media_type: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+$/)
    .max(100)
    .optional(),
  project_id: z.string().max(80).optional(),
});
const Summary = z.object({
  memory_id: z.string(),
  project_id: z.string().nullable(),
  title: z.string(),
  summary: z.string(),
  media_type: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  origin: z.array(z.string()),
  created_by: z.string(),
  created_at: Time,
});
const MemoryQuery = z.strictObject({
  q: z.string().max(200).optional(),
  project_id: z.string().max(80).optional(),
  limit: Limit.optional(),
  cursor: Cursor.optional(),
});

export const memory = [
  endpoint('POST /api/memory', {
    summary: 'Keep a text out of prompts, to be found and read by its id (MEM-1)',
    body: NewMemory,
    bodyLimit: BODY_LIMIT,
    answers: {
      201: z.object({ memory_id: z.string(), sha256: z.string(), bytes: z.int(), created_at: Time }),
    },
    problems: ['ledger_unavailable', 'not_found', 'quota_exceeded', 'idempotency_conflict'],
    async handle(asked) {
      const { title, text, summary, media_type, project_id } = asked.body;
      const repeat = repeatOf(asked);
      const memory_id = randomId(
        'mem',
        repeat ? bytesOf(repeat) : crypto.getRandomValues(new Uint8Array(13)),
      );
      if (repeat && must(await controlOf(asked).claim(repeat)).replayed) {
        const before = await fromLedger(asked, () =>
          readMemory(asked.env.LEDGER, asked.caller.tenant, memory_id),
        );
        if (before) {
          const { sha256, bytes, created_at } = before;
          return json(201, { memory_id, sha256, bytes, created_at }, REPLAYED);
        }
      }
      const created_at = new Date().toISOString();
      const project = await existingProject(asked, projectFor(asked.caller, project_id));
      const { quotas, usage } = must(await controlOf(asked).quotas());
      const kept = await fromLedger(asked, () => ledgerBytes(asked.env.LEDGER, asked.caller.tenant));
      const { plan_bytes, pipeline_bytes, archived_bytes } = usage;
      const inObjects = plan_bytes + pipeline_bytes + archived_bytes;
      const stored = inObjects + kept.memory + kept.artifacts + kept.bugs;
      if (stored + new TextEncoder().encode(text).length > quotas.storage_bytes)
        throw new ProblemError('quota_exceeded', `The tenant may store ${quotas.storage_bytes} bytes.`, {
          remedy: 'Ask an admin for more storage: PUT /api/quotas, within what the platform allows.',
        });
      const written = await fromLedger(asked, () =>
        writeMemory(asked.env.LEDGER, asked.caller.tenant, {
          memory_id,
          project_id: project,
          title,
          summary: summary ?? text.slice(0, SUMMARY_CHARS),
          content: text,
          media_type: media_type ?? 'text/plain',
          origin: [],
          created_by: actorOf(asked.caller),
          created_at,
        }),
      );
      if (!written.ok) throw problemOf(written.error);
      return json(201, { memory_id, ...written.value, created_at });
    },
  }),
  endpoint('GET /api/memory', {
    summary: 'Search by words, or list the newest',
    query: MemoryQuery,
    answers: { 200: page(Summary.extend({ snippet: z.string().optional() })) },
    problems: ['ledger_unavailable'],
    async handle(asked) {
      const { q, ...filter } = asked.query;
      const { LEDGER } = asked.env;
      const { tenant } = asked.caller;
      const found = await fromLedger(asked, async () =>
        q === undefined
          ? listMemory(LEDGER, tenant, filter)
          : { items: await searchMemory(LEDGER, tenant, { q, ...filter }), next_cursor: null },
      );
      return json(200, { ...found, items: found.items.filter((m) => inScope(asked.caller, m.project_id)) });
    },
  }),
  endpoint('GET /api/memory/{memory_id}', {
    summary: 'One text, whole',
    query: z.strictObject({}),
    answers: { 200: Summary.extend({ content: z.string() }).meta({ id: 'Memory' }) },
    problems: ['not_found', 'ledger_unavailable'],
    async handle(asked) {
      const { memory_id = '' } = asked.params;
      const found = await fromLedger(asked, () =>
        readMemory(asked.env.LEDGER, asked.caller.tenant, memory_id),
      );
      if (found === null || !inScope(asked.caller, found.project_id))
        throw new ProblemError('not_found', 'There is no such memory here.');
      return json(200, found);
    },
  }),
];
