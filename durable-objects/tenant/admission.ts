import type { Kill } from '#domain/governance/permit.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import { BUDGETS, charge, chargedIn, leftOf, monthOf, nextSlice, SLICE, type Slice } from './budget.ts';
import { errorBudget } from './error-budget.ts';
import { standing } from './kills.ts';
import { defaultProject, hasProject } from './people.ts';
import { quotasOf } from './quotas.ts';
import type { Admitted, ControlError } from './rpc.ts';
import { storedInAll } from './storage.ts';
import type { ControlStore } from './store.ts';

type AdmissionRow = {
  number: number;
  project_id: string;
  request_sha256: string;
  released_at: number | null;
  abandoned: number;
  month: string;
  charged_tokens: number;
  charged_microusd: number;
  slice_tokens: number;
  slice_microusd: number;
  before_tokens: number;
  before_microusd: number;
};

const COLUMNS =
  'number, project_id, request_sha256, released_at, abandoned, month, charged_tokens, charged_microusd, slice_tokens, slice_microusd, before_tokens, before_microusd';

/** ENF-1: diagnoses have a quota of their own, so that failing runs neither starve others nor go unread for them. */
function overQuota(store: ControlStore, diagnostic: boolean): ControlError | null {
  const quotas = quotasOf(store);
  const quota = diagnostic ? quotas.live_diagnostics : quotas.live_pipelines;
  const live = row<{ n: number }>(
    store.sql,
    'SELECT count(*) AS n FROM admissions WHERE released_at IS NULL AND diagnostic = ?',
    diagnostic ? 1 : 0,
  )?.n;
  if ((live ?? 0) >= quota)
    return {
      code: 'quota_exceeded',
      detail: `${live ?? 0} ${diagnostic ? 'diagnoses' : 'pipelines'} are live; ${quota} is this tenant’s quota.`,
      retry_after_s: 30,
    };
  if (diagnostic) return null;
  const stored = storedInAll(store);
  if (stored >= quotas.storage_bytes)
    return {
      code: 'quota_exceeded',
      detail: `This tenant stores ${stored} bytes of plans and pipelines; ${quotas.storage_bytes} are its quota.`,
      retry_after_s: 3_600,
    };
  if (quotas.spawns_per_minute === 0)
    return {
      code: 'quota_exceeded',
      detail: 'This tenant’s quota allows no new pipeline.',
      retry_after_s: 3_600,
    };
  // Numbers ascend with time, so the newest rows are the last minute's.
  const nth = row<{ admitted_at: number }>(
    store.sql,
    'SELECT admitted_at FROM admissions WHERE diagnostic = 0 ORDER BY number DESC LIMIT 1 OFFSET ?',
    quotas.spawns_per_minute - 1,
  );
  const free = (nth?.admitted_at ?? 0) + 60_000 - store.now();
  if (nth === undefined || free <= 0) return null;
  return {
    code: 'quota_exceeded',
    detail: `${quotas.spawns_per_minute} pipelines were spawned in the last minute, which is this tenant’s quota.`,
    retry_after_s: Math.ceil(free / 1_000),
  };
}

/** ENF-5: a tenant whose agents fail too often begins nothing new; what finds out why may. */
function errorsStop(store: ControlStore, diagnostic: boolean): ControlError | null {
  const { spent } = diagnostic ? { spent: null } : errorBudget(store);
  return spent && { code: 'error_budget_spent', detail: spent.detail, retry_after_s: spent.retry_after_s };
}

/** ENF-6: while a switch stands nothing new is begun in its scope. */
const stopped = ({ kill_id, scope, id, reason }: Kill): ControlError => ({
  code: 'killed',
  kill_id,
  detail: `A kill switch stands on the ${scope}${scope === 'system' ? '' : ` ${id}`}: ${reason}`,
});

const chargedTo = (known: AdmissionRow): Slice => ({
  tokens: known.charged_tokens,
  cost_microusd: known.charged_microusd,
});

/**
 * PIPE-2, PIPE-9: quota, number and idempotency in one transaction. A slot given back because its pipeline never started
 * is taken anew, under the same number, when the same spawn comes again.
 */
export function admit(
  store: ControlStore,
  a: {
    pipeline_id: string;
    project_id: string | null;
    request_sha256: string;
    slice: Slice;
    diagnostic?: boolean;
  },
  above: Kill | null = null,
): Result<Admitted, ControlError> {
  const known = row<AdmissionRow>(
    store.sql,
    `SELECT ${COLUMNS} FROM admissions WHERE pipeline_id = ?`,
    a.pipeline_id,
  );
  if (known && known.request_sha256 !== a.request_sha256)
    return err({
      code: 'idempotency_conflict',
      detail: 'This Idempotency-Key was used with another body.',
    });
  if (known && known.abandoned === 0)
    return ok({
      number: known.number,
      project_id: known.project_id,
      replayed: true,
      slice: chargedTo(known),
    });

  const project_id = known?.project_id ?? a.project_id ?? defaultProject(store);
  if (!hasProject(store, project_id)) return err({ code: 'not_found', what: `project ${project_id}` });
  const killed =
    above ?? standing(store.sql, 'tenant', store.tenant) ?? standing(store.sql, 'project', project_id);
  if (killed) return err(stopped(killed));
  const refusal = errorsStop(store, a.diagnostic === true) ?? overQuota(store, a.diagnostic === true);
  if (refusal) return err(refusal);
  const month = monthOf(store);
  const first = firstSlice(store, month, a.slice);
  if (!first.ok) return first;
  charge(store, month, first.value);
  if (known) {
    run(
      store.sql,
      `UPDATE admissions SET released_at = NULL, abandoned = 0, admitted_at = ?, month = ?, charged_tokens = ?, charged_microusd = ?,
       slice_tokens = ?, slice_microusd = ? WHERE number = ?`,
      store.now(),
      month,
      first.value.tokens,
      first.value.cost_microusd,
      a.slice.tokens,
      a.slice.cost_microusd,
      known.number,
    );
    return ok({ number: known.number, project_id, replayed: false, slice: first.value });
  }
  const number =
    (row<{ n: number | null }>(store.sql, 'SELECT max(number) AS n FROM admissions')?.n ?? 0) + 1;
  run(
    store.sql,
    `INSERT INTO admissions (number, pipeline_id, project_id, request_sha256, admitted_at, month, charged_tokens, charged_microusd, slice_tokens, slice_microusd, diagnostic)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    number,
    a.pipeline_id,
    project_id,
    a.request_sha256,
    store.now(),
    month,
    first.value.tokens,
    first.value.cost_microusd,
    a.slice.tokens,
    a.slice.cost_microusd,
    a.diagnostic ? 1 : 0,
  );
  return ok({ number, project_id, replayed: false, slice: first.value });
}

/** PIPE-11: a first slice is drawn with the admission; a month that has nothing left admits nobody. */
function firstSlice(store: ControlStore, month: string, limits: Slice): Result<Slice, ControlError> {
  const left = leftOf(store, month);
  const used = BUDGETS.find((name) => left[name] === 0);
  if (used !== undefined)
    return err({
      code: 'quota_exceeded',
      detail: `This tenant’s budget of ${used === 'tokens' ? 'tokens' : 'cost'} for ${month} is used up, or drawn by pipelines that run.`,
      retry_after_s: 3_600,
    });
  const of = (name: keyof Slice) =>
    nextSlice(
      0,
      limits[name] === 0 ? SLICE[name] : Math.min(limits[name], SLICE[name]),
      0,
      limits[name],
      left[name],
    );
  return ok({ tokens: of('tokens'), cost_microusd: of('cost_microusd') });
}

interface Drawn {
  used_up: boolean;
  /** That was asked. */
  month: string;
}

/**
 * PIPE-11: what the pipeline may have used in all after this, so that `need` fits; `used_up` says that the month has no more. One
 * transaction of the one object that knows the budget, so that pipelines side by side cannot overrun it together.
 */
export function draw(
  store: ControlStore,
  pipelineId: string,
  need: Slice,
): Slice & Partial<Drawn> & { used_up: boolean } {
  const known = admissionOf(store, pipelineId);
  // A pipeline that was never admitted here has no budget; its own limits and the permit stand.
  if (!known) return { ...need, used_up: false };
  const drawn = drawOf(store, known, need);
  const month = monthOf(store);
  if (!drawn.used_up || month === known.month) return drawn;
  // Its own month has no more, and another one has begun: from here on it is charged to that.
  return drawOf(store, moveTo(store, admissionOf(store, pipelineId) ?? known, month), need);
}

/** What it has drawn so far stays with the months it was drawn of. */
function moveTo(store: ControlStore, known: AdmissionRow, month: string): AdmissionRow {
  const { charged_tokens: before_tokens, charged_microusd: before_microusd } = known;
  run(
    store.sql,
    'UPDATE admissions SET month = ?, before_tokens = ?, before_microusd = ? WHERE number = ?',
    month,
    before_tokens,
    before_microusd,
    known.number,
  );
  return { ...known, month, before_tokens, before_microusd };
}

function drawOf(store: ControlStore, known: AdmissionRow, need: Slice): Slice & Drawn {
  const left = leftOf(store, known.month);
  const has = chargedTo(known);
  const limits = { tokens: known.slice_tokens, cost_microusd: known.slice_microusd };
  const of = (name: keyof Slice) => nextSlice(has[name], need[name], SLICE[name], limits[name], left[name]);
  const drawn: Slice = { tokens: of('tokens'), cost_microusd: of('cost_microusd') };
  if (BUDGETS.some((name) => drawn[name] !== has[name])) settle(store, known, drawn);
  return { ...drawn, used_up: BUDGETS.some((name) => drawn[name] < need[name]), month: known.month };
}

/** TEN-1: what of the quotas is in use. */
export function usageOf(store: ControlStore) {
  const month = monthOf(store);
  const count = (sql: string, ...values: number[]) => row<{ n: number }>(store.sql, sql, ...values)?.n ?? 0;
  return {
    month,
    live_pipelines: count(
      'SELECT count(*) AS n FROM admissions WHERE released_at IS NULL AND diagnostic = 0',
    ),
    live_diagnostics: count(
      'SELECT count(*) AS n FROM admissions WHERE released_at IS NULL AND diagnostic = 1',
    ),
    spawns_last_minute: count(
      'SELECT count(*) AS n FROM admissions WHERE admitted_at > ?',
      store.now() - 60_000,
    ),
    ...chargedIn(store, month),
    pipelines: count('SELECT count(*) AS n FROM admissions WHERE abandoned = 0'),
  };
}

/** Charges a pipeline with another amount than before; the difference goes to its month. */
function settle(store: ControlStore, known: AdmissionRow, asked: Slice): void {
  // What an earlier month was charged with is not given back to this one.
  const amount: Slice = {
    tokens: Math.max(asked.tokens, known.before_tokens),
    cost_microusd: Math.max(asked.cost_microusd, known.before_microusd),
  };
  charge(store, known.month, {
    tokens: amount.tokens - known.charged_tokens,
    cost_microusd: amount.cost_microusd - known.charged_microusd,
  });
  run(
    store.sql,
    'UPDATE admissions SET charged_tokens = ?, charged_microusd = ? WHERE number = ?',
    amount.tokens,
    amount.cost_microusd,
    known.number,
  );
}

const admissionOf = (store: ControlStore, pipelineId: string): AdmissionRow | undefined =>
  row<AdmissionRow>(store.sql, `SELECT ${COLUMNS} FROM admissions WHERE pipeline_id = ?`, pipelineId);

/** The pipeline works no more: its slot and what it did not use of its slice are free. Idempotent. */
export function release(store: ControlStore, pipelineId: string, used: Slice): void {
  const known = admissionOf(store, pipelineId);
  if (!known || known.released_at !== null) return;
  settle(store, known, used);
  run(store.sql, 'UPDATE admissions SET released_at = ? WHERE number = ?', store.now(), known.number);
}

/** The pipeline never started, and its slot is at least that old. */
export function abandon(store: ControlStore, pipelineId: string, olderThanS: number): void {
  const known = admissionOf(store, pipelineId);
  if (!known || known.released_at !== null) return;
  const before = store.now() - olderThanS * 1_000;
  const { rowsWritten } = store.sql.exec(
    'UPDATE admissions SET released_at = ?, abandoned = 1 WHERE number = ? AND admitted_at <= ?',
    store.now(),
    known.number,
    before,
  );
  if (rowsWritten > 0) settle(store, known, { tokens: 0, cost_microusd: 0 });
}

/** REC-1: a rerun takes a slot again, also above the quota: it was admitted once. What it needs more of the budget it draws. Idempotent. */
export function occupy(store: ControlStore, pipelineId: string): void {
  const known = admissionOf(store, pipelineId);
  if (!known || known.released_at === null) return;
  run(store.sql, 'UPDATE admissions SET released_at = NULL WHERE number = ?', known.number);
}

export const livePipelines = (store: ControlStore): string[] =>
  rows<{ pipeline_id: string }>(
    store.sql,
    'SELECT pipeline_id FROM admissions WHERE released_at IS NULL ORDER BY number',
  ).map((r) => r.pipeline_id);

/** Every pipeline that was admitted and not given up, by number; for the reconciler (LEDG-1). */
export const pipelinesAfter = (
  store: ControlStore,
  number: number,
  limit: number,
): { number: number; pipeline_id: string }[] =>
  rows<{ number: number; pipeline_id: string }>(
    store.sql,
    'SELECT number, pipeline_id FROM admissions WHERE number > ? AND abandoned = 0 ORDER BY number LIMIT ?',
    number,
    limit,
  );

/** An ended pipeline seals within minutes, once its tokens are confirmed gone (CRED-4). */
const SEALING_MS = 600_000;

export const pipelinesToPoke = (store: ControlStore): { pipeline_id: string; has_slot: boolean }[] =>
  rows<{ pipeline_id: string; has_slot: number }>(
    store.sql,
    `SELECT pipeline_id, released_at IS NULL AS has_slot FROM admissions
     WHERE released_at IS NULL OR (released_at > ? AND abandoned = 0) ORDER BY number`,
    store.now() - SEALING_MS,
  ).map((r) => ({ ...r, has_slot: r.has_slot === 1 }));
