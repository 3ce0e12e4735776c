import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { PipelineEvent } from '#domain/pipeline/event.ts';

/**
 * The ledger in D1 (LEDG-1): a projection of the pipeline objects that can be rebuilt from them. This file is the source of
 * `d1-migrations/` and of the row types; queries are plain SQL, so nothing of drizzle is in the Worker's bundle.
 *
 * Tables that repeat an event's place have `(pipeline_id, seq)` as key and are WITHOUT ROWID in the migration (drizzle-kit cannot
 * say that, so the first migration is edited by hand): one billed row per insert instead of three.
 */
const place = {
  tenant: text().notNull(),
  pipeline_id: text().notNull(),
  seq: integer().notNull(),
  /** RFC 3339, UTC, milliseconds: sorts as text. */
  at: text().notNull(),
};

/** Every event as its pipeline's object committed it. Append-only by trigger. */
export const events = sqliteTable(
  'events',
  {
    ...place,
    type: text().$type<PipelineEvent['type']>().notNull(),
    v: integer().notNull(),
    actor: text().notNull(),
    /** JSON. */
    body: text().notNull(),
    salt: text().notNull(),
    prev_hash: text().notNull(),
    hash: text().notNull(),
    /** LEDG-2: commitment to content that was erased. */
    content: text(),
  },
  (t) => [primaryKey({ columns: [t.pipeline_id, t.seq] }), index('events_by_time').on(t.tenant, t.at)],
);

/**
 * LEDG-4: where the full-text index of events points. Its rowid is the order of arrival, which is what pages of a search go by. Filled
 * by trigger from `events`, so that it can neither miss nor double one; steps' own bookkeeping has no text and is left out.
 */
export const eventPlaces = sqliteTable('event_places', {
  id: integer().primaryKey(),
  pipeline_id: text().notNull(),
  seq: integer().notNull(),
});

/** What agents asked for, what the gate said, what came of it: one row when decided, one when finished. Append-only. */
export const agentActions = sqliteTable(
  'agent_actions',
  {
    ...place,
    phase: text({ enum: ['decided', 'finished'] }).notNull(),
    action_id: text().notNull(),
    agent_id: text(),
    role: text(),
    tool: text(),
    target: text(),
    action_sha256: text(),
    decision: text(),
    /** JSON list of the rules that decided. */
    determining: text(),
    policy_version: text(),
    reason: text(),
    status: text(),
    result_sha256: text(),
    error: text(),
  },
  (t) => [primaryKey({ columns: [t.pipeline_id, t.seq] })],
);

/** AGENT-6: one row per model call, failed ones too. Append-only. */
export const agentMetrics = sqliteTable(
  'agent_metrics',
  {
    ...place,
    step_id: text().notNull(),
    agent_id: text(),
    role: text(),
    round: integer(),
    leg: integer(),
    outcome: text({ enum: ['succeeded', 'failed'] }).notNull(),
    provider: text().notNull(),
    model: text().notNull(),
    tokens_in: integer().notNull(),
    tokens_out: integer().notNull(),
    tokens_cached: integer().notNull(),
    cost_microusd: integer().notNull(),
    latency_ms: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.pipeline_id, t.seq] })],
);

/** ENF-7. Append-only. */
export const violations = sqliteTable(
  'violations',
  {
    ...place,
    violation_id: text().notNull(),
    agent_id: text(),
    role: text(),
    rule: text().notNull(),
    severity: text().notNull(),
    evidence: text().notNull(),
    consequence: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.pipeline_id, t.seq] }), index('violations_by_time').on(t.tenant, t.at)],
);

/** OBS-4: what went wrong, by fingerprint. Keyed by time, because it is read by time. Append-only. */
export const errorOccurrences = sqliteTable(
  'error_occurrences',
  {
    ...place,
    fingerprint: text().notNull(),
    code: text().notNull(),
    message: text().notNull(),
    source: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.at, t.pipeline_id, t.seq] })],
);

/** PROM-2: earned and lost tiers. Nothing writes here yet. Append-only. */
export const promotions = sqliteTable(
  'promotions',
  {
    tenant: text().notNull(),
    promotion_id: text().notNull(),
    at: text().notNull(),
    identity_id: text().notNull(),
    from_tier: integer().notNull(),
    to_tier: integer().notNull(),
    reason: text().notNull(),
    /** JSON list of the pipelines that justify it. */
    runs: text().notNull(),
    decided_by: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.promotion_id] })],
);

/** The newest known state of every pipeline: `P` as JSON, and the columns that lists filter by. Only ever moves forward by seq. */
export const pipelines = sqliteTable(
  'pipelines',
  {
    tenant: text().notNull(),
    /** Per tenant without gaps, so it is the key that pages go by. */
    number: integer().notNull(),
    pipeline_id: text().notNull(),
    project_id: text().notNull(),
    state: text().notNull(),
    seq: integer().notNull(),
    created_at: text().notNull(),
    /** Lower case; what `q` looks through. */
    search: text().notNull(),
    body: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.number] })],
);

/** A queue message that was given up on (PIPE-8). One row per message. */
export const deadLetters = sqliteTable(
  'dead_letters',
  {
    queue: text().notNull(),
    message_id: text().notNull(),
    at: text().notNull(),
    /** Null when the message could not even be read. */
    tenant: text(),
    pipeline_id: text(),
    step_id: text(),
    reason: text().notNull(),
    body: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.queue, t.message_id] })],
);

/** The ledger has one hash for an event and its pipeline's object another: somebody changed one of them. Append-only. */
export const integrityAlarms = sqliteTable(
  'integrity_alarms',
  {
    ...place,
    ledger_hash: text().notNull(),
    object_hash: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.pipeline_id, t.seq, t.object_hash] })],
);

/** LEDG-1: how far the reconciler is with each tenant's logs. The only table here that is rewritten. */
export const reconciliations = sqliteTable('reconciliations', {
  tenant: text().primaryKey(),
  /** Of the last pipeline looked at in this round. */
  after_number: integer().notNull(),
  checked: integer().notNull(),
  /** Rows that the ledger lacked, since the beginning. */
  repaired: integer().notNull(),
  ran_at: text().notNull(),
  /** When every log of the tenant had been looked at; null before the first time. */
  round_ended_at: text(),
});

/**
 * LEDG-5: what was moved out of the database: follows from the tenant's own log, which has the record first (by trigger), and is what
 * allows the pipeline's rows to be deleted (by trigger). An archive that was rewritten has another row, with the next revision; only
 * `removed_at` is ever set later.
 */
export const archives = sqliteTable(
  'archives',
  {
    tenant: text().notNull(),
    pipeline_id: text().notNull(),
    revision: integer().notNull(),
    number: integer().notNull(),
    object_key: text().notNull(),
    sha256: text().notNull(),
    bytes: integer().notNull(),
    events: integer().notNull(),
    head_hash: text().notNull(),
    /** Of the record in the tenant's log. */
    log_seq: integer().notNull(),
    archived_at: text().notNull(),
    removed_at: text(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.pipeline_id, t.revision] })],
);

/**
 * LEDG-2: whose content was erased: follows from the tenant's own log, and is what allows its rows to lose their content (by trigger).
 * Append-only.
 */
export const erasures = sqliteTable(
  'erasures',
  {
    tenant: text().notNull(),
    pipeline_id: text().notNull(),
    /** Of the record in the tenant's log. */
    log_seq: integer().notNull(),
    /** JSON list of the events that it names. */
    seqs: text().notNull(),
    at: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.pipeline_id, t.log_seq] })],
);

/** MEM-1: large content kept out of prompts. Has a rowid, because its full-text index (a later migration) points at it. */
export const memory = sqliteTable(
  'memory',
  {
    id: integer().primaryKey(),
    tenant: text().notNull(),
    memory_id: text().notNull(),
    project_id: text(),
    title: text().notNull(),
    summary: text().notNull(),
    content: text().notNull(),
    media_type: text().notNull(),
    sha256: text().notNull(),
    bytes: integer().notNull(),
    /** AGENT-5: JSON list of where it came from. */
    origin: text().notNull(),
    created_by: text().notNull(),
    created_at: text().notNull(),
  },
  (t) => [uniqueIndex('memory_by_id').on(t.tenant, t.memory_id)],
);

/** BUG-1. Only `status` and `updated_at` change. */
export const bugs = sqliteTable(
  'bugs',
  {
    tenant: text().notNull(),
    bug_id: text().notNull(),
    project_id: text(),
    /** The run it was seen in; null for what a person or a scan reports. */
    pipeline_id: text(),
    title: text().notNull(),
    detail: text().notNull(),
    severity: text().notNull(),
    status: text().notNull(),
    /** AGENT-5: JSON list of where it came from. */
    origin: text().notNull(),
    created_by: text().notNull(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.bug_id] }), index('bugs_by_time').on(t.tenant, t.created_at)],
);

/** GOV-6: what agents made, each at most 256 KiB. Append-only. */
export const artifacts = sqliteTable(
  'artifacts',
  {
    tenant: text().notNull(),
    artifact_id: text().notNull(),
    project_id: text().notNull(),
    pipeline_id: text().notNull(),
    name: text().notNull(),
    media_type: text().notNull(),
    content: text().notNull(),
    sha256: text().notNull(),
    bytes: integer().notNull(),
    /** AGENT-5: JSON list of what it derives from. */
    origin: text().notNull(),
    created_by: text().notNull(),
    created_at: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.artifact_id] }),
    index('artifacts_by_pipeline').on(t.tenant, t.pipeline_id),
  ],
);

export type BugRow = typeof bugs.$inferSelect;
export type ArtifactRow = typeof artifacts.$inferSelect;
export type EventRow = typeof events.$inferSelect;
export type AgentActionRow = typeof agentActions.$inferSelect;
export type AgentMetricRow = typeof agentMetrics.$inferSelect;
export type ViolationRow = typeof violations.$inferSelect;
export type ErrorRow = typeof errorOccurrences.$inferSelect;
export type PromotionRow = typeof promotions.$inferSelect;
export type PipelineRow = typeof pipelines.$inferSelect;
export type DeadLetterRow = typeof deadLetters.$inferSelect;
export type IntegrityAlarmRow = typeof integrityAlarms.$inferSelect;
export type ReconciliationRow = typeof reconciliations.$inferSelect;
export type ArchiveRow = typeof archives.$inferSelect;
export type ErasureRow = typeof erasures.$inferSelect;
export type MemoryRow = typeof memory.$inferSelect;
