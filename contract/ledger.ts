import * as z from 'zod';
import { SEVERITIES } from '#domain/governance/severity.ts';
import { Cursor, GivenId, GivenTime, Limit, page, Time } from './primitives.ts';

/** LEDG-4: one event of a pipeline, or of the tenant's own log (`ct_…`: people, keys, projects, quotas), as the ledger has it. */
export const LedgerEntry = z
  .object({
    pipeline_id: z.string(),
    seq: z.int(),
    at: Time,
    type: z.string(),
    v: z.int(),
    actor: z.string(),
    /** Whom the event is about or from, where it says so. */
    agent_id: z.string().nullable(),
    severity: z.string().nullable(),
    body: z.unknown(),
    salt: z.string(),
    /** LEDG-2: set when the content was erased; `body` is then what is left of it. */
    content: z.string().optional(),
    prev_hash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'LedgerEntry' });
export type LedgerEntry = z.infer<typeof LedgerEntry>;
export const LedgerPage = page(LedgerEntry);

/** `since` is inclusive, `until` exclusive; `q` finds whole words, all of them. */
const filters = {
  project_id: GivenId.optional(),
  pipeline_id: GivenId.optional(),
  agent_id: GivenId.optional(),
  type: z.string().min(1).max(80).optional(),
  severity: z.enum(SEVERITIES).optional(),
  since: GivenTime.optional(),
  until: GivenTime.optional(),
  q: z.string().min(1).max(200).optional(),
};
export const LedgerQuery = z.strictObject({ ...filters, limit: Limit.optional(), cursor: Cursor.optional() });
export type LedgerQuery = z.infer<typeof LedgerQuery>;

export const EXPORT_FORMATS = ['csv', 'jsonl'] as const;
/** `cursor`: as the last line of an export says that ended before the ledger did. */
export const LedgerExportQuery = z.strictObject({
  ...filters,
  format: z.enum(EXPORT_FORMATS),
  cursor: Cursor.optional(),
});
export type LedgerExportQuery = z.infer<typeof LedgerExportQuery>;

export const IntegrityAlarm = z
  .object({
    pipeline_id: z.string(),
    seq: z.int(),
    at: Time,
    ledger_hash: z.string(),
    object_hash: z.string(),
  })
  .meta({ id: 'IntegrityAlarm' });

/** LEDG-1: whether the copy still agrees with the objects, and when that was last looked at. */
export const LedgerStatus = z
  .object({
    intact: z.boolean(),
    /** The newest 100. */
    alarms: z.array(IntegrityAlarm),
    reconciliation: z
      .object({
        ran_at: Time,
        /** Every log of the tenant had been compared; null before the first time. */
        round_ended_at: Time.nullable(),
        logs_checked: z.int(),
        rows_repaired: z.int(),
      })
      .nullable(),
    archived_pipelines: z.int(),
  })
  .meta({ id: 'LedgerStatus' });
export type LedgerStatus = z.infer<typeof LedgerStatus>;

export const ReconcileResult = z
  .object({ checked: z.int(), repaired: z.int(), alarms: z.array(IntegrityAlarm.omit({ at: true })) })
  .meta({ id: 'ReconcileResult' });
export type ReconcileResult = z.infer<typeof ReconcileResult>;
