import { type ChainHead, EMPTY_CHAIN } from '#domain/ledger/chain.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { CONTEXT_TYPES, type Context, remember } from './project.ts';
import type { EventRow } from './schema.ts';

/** Where the ledger's copy of each pipeline's chain ends. D1's own rows are the cursor, so nothing can get out of step with them. */
export async function readHeads(db: D1Database, pipelineIds: string[]): Promise<Map<string, ChainHead>> {
  const { results } = await db
    .prepare(
      `SELECT pipeline_id, seq, hash FROM json_each(?) p JOIN events e ON e.pipeline_id = p.value
       AND e.seq = (SELECT max(seq) FROM events m WHERE m.pipeline_id = p.value)`,
    )
    .bind(JSON.stringify(pipelineIds))
    .all<Pick<EventRow, 'pipeline_id' | 'seq' | 'hash'>>();
  const heads = new Map<string, ChainHead>(pipelineIds.map((id) => [id, EMPTY_CHAIN]));
  for (const { pipeline_id, seq, hash } of results) heads.set(pipeline_id, { seq, hash });
  return heads;
}

/** The ids that an event's rows need to know more about. */
function references(e: PipelineEvent): (string | null)[] {
  switch (e.type) {
    case 'step_completed':
      return e.body.usage ? [e.body.step_id] : [];
    case 'step_failed':
      return [e.body.step_id];
    case 'action_decided':
    case 'action_finished':
      return [e.body.action_id];
    case 'violation_recorded':
      return [e.body.agent_id];
    default:
      return [];
  }
}

/**
 * Fills contexts with what earlier events, already in D1, said about the ids that the new ones refer to. One query for all
 * pipelines; none when nothing refers back.
 */
export async function loadContexts(
  db: D1Database,
  fresh: readonly { pipeline_id: string; context: Context; events: PipelineEvent[] }[],
): Promise<void> {
  // The first event of a pipeline in hand: nothing earlier exists.
  const wanting = fresh.flatMap((f) => {
    const ids = f.events[0]?.seq === 1 ? [] : f.events.flatMap(references);
    return ids.length > 0 ? [{ ...f, ids }] : [];
  });
  if (wanting.length === 0) return;
  const { results } = await db
    .prepare(
      `SELECT e.pipeline_id, e.type, e.body FROM json_each(?1) p JOIN events e ON e.pipeline_id = p.value
       WHERE e.type IN (SELECT value FROM json_each(?2)) AND (e.type IN ('agent_spawned', 'agent_registered')
         OR coalesce(e.body ->> '$.step_id', e.body ->> '$.action_id') IN (SELECT value FROM json_each(?3)))`,
    )
    .bind(
      JSON.stringify(wanting.map((w) => w.pipeline_id)),
      JSON.stringify(CONTEXT_TYPES),
      JSON.stringify([...new Set(wanting.flatMap((w) => w.ids))]),
    )
    .all<{ pipeline_id: string; type: (typeof CONTEXT_TYPES)[number]; body: string }>();
  const contexts = new Map(wanting.map((w) => [w.pipeline_id, w.context]));
  for (const { pipeline_id, type, body } of results) {
    const context = contexts.get(pipeline_id);
    if (context) remember(context, { type, body: JSON.parse(body) });
  }
}
