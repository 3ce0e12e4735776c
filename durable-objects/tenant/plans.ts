import type { PlanSummary } from '#contract/requests.ts';
import type { Tier } from '#domain/governance/tier.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import { quotasOf } from './quotas.ts';
import type { ControlError, StoredPlan } from './rpc.ts';
import { storedInAll } from './storage.ts';
import { type ControlStore, iso, recordChange } from './store.ts';

type PlanRow = {
  plan_id: string;
  name: string;
  version: string;
  sha256: string;
  objective: string;
  tier: Tier;
  created_at: number;
};
const COLUMNS = 'plan_id, name, version, sha256, objective, tier, created_at';
const summary = (r: PlanRow): PlanSummary => ({ ...r, created_at: iso(r.created_at) });

/** A version is immutable: the same text again answers as the first time, another text is refused. */
export function savePlan(
  store: ControlStore,
  actor: string,
  plan: { resolved: ResolvedPlan; source: string; files: Record<string, string> },
): Result<PlanSummary & { replayed: boolean }, ControlError> {
  const { plan_id, name, version, sha256, objective, tier } = plan.resolved;
  const sourceSha256 = hashJson({ source: plan.source, files: plan.files });
  const known = row<PlanRow & { source_sha256: string }>(
    store.sql,
    `SELECT ${COLUMNS}, source_sha256 FROM plans WHERE name = ? AND version = ?`,
    name,
    version,
  );
  if (known) {
    const { source_sha256, ...rest } = known;
    if (source_sha256 === sourceSha256) return ok({ ...summary(rest), replayed: true });
    return err({
      code: 'version_exists',
      detail: `${name} ${version} is stored with other content; give the changed plan a new version.`,
    });
  }
  const bytes = Object.values(plan.files).reduce((sum, text) => sum + text.length, plan.source.length);
  const { storage_bytes } = quotasOf(store);
  if (storedInAll(store) + bytes > storage_bytes)
    return err({
      code: 'quota_exceeded',
      detail: `The tenant may store ${storage_bytes} bytes.`,
      retry_after_s: 3_600,
    });
  const created: PlanRow = { plan_id, name, version, sha256, objective, tier, created_at: store.now() };
  run(
    store.sql,
    `INSERT INTO plans (${COLUMNS}, source_sha256, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    plan_id,
    name,
    version,
    sha256,
    objective,
    tier,
    created.created_at,
    sourceSha256,
    plan.source,
  );
  for (const [file, text] of Object.entries(plan.files))
    run(store.sql, 'INSERT INTO plan_files (plan_id, name, text) VALUES (?, ?, ?)', plan_id, file, text);
  recordChange(store, actor, 'plan_saved', { plan_id, name, version, sha256 });
  return ok({ ...summary(created), replayed: false });
}

export function readPlan(store: ControlStore, planId: string): Result<StoredPlan, ControlError> {
  const found = row<PlanRow & { source: string }>(
    store.sql,
    `SELECT ${COLUMNS}, source FROM plans WHERE plan_id = ?`,
    planId,
  );
  if (!found) return err({ code: 'not_found', what: `plan ${planId}` });
  const { source, ...rest } = found;
  const files = rows<{ name: string; text: string }>(
    store.sql,
    'SELECT name, text FROM plan_files WHERE plan_id = ?',
    planId,
  );
  return ok({
    summary: summary(rest),
    source,
    files: Object.fromEntries(files.map((f) => [f.name, f.text])),
  });
}

export const listPlans = (store: ControlStore): PlanSummary[] =>
  rows<PlanRow>(
    store.sql,
    `SELECT ${COLUMNS} FROM plans ORDER BY created_at DESC, rowid DESC LIMIT 1000`,
  ).map(summary);
