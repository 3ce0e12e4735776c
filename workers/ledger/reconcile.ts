import { controlLogId } from '#domain/ids.ts';
import {
  type ChainedEvent,
  type ChainHead,
  EMPTY_CHAIN,
  eventHash,
  verifyChain,
} from '#domain/ledger/chain.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { append, chunk } from './append.ts';
import { upsertPipelines } from './pipelines.ts';
import { emptyContext, emptyProjection, type Projection, project } from './project.ts';
import { insertRows, isNonEmpty } from './rows.ts';
import type { EventRow, IntegrityAlarmRow, ReconciliationRow } from './schema.ts';
import type { LogSource } from './source.ts';

export interface ReconcileDeps {
  db: D1Database;
  pipeline(tenant: string, id: string): LogSource;
  /** Which pipelines a tenant has, by its control object. */
  pipelinesAfter(
    tenant: string,
    number: number,
    limit: number,
  ): Promise<{ number: number; pipeline_id: string }[]>;
  log(level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>): void;
  /** RFC 3339, UTC, milliseconds. */
  now(): string;
}

type Alarm = Omit<IntegrityAlarmRow, 'at'>;

export interface Reconciled {
  /** Logs compared. */
  checked: number;
  /** Rows that were missing and are there now. */
  repaired: number;
  /** Places where ledger and object differ; nothing there is repaired. */
  alarms: Alarm[];
}

/** Events held in memory at once. */
const PAGE = 1_000;
/** What follows from events and could be missing on its own. */
const DERIVED = ['agent_actions', 'agent_metrics', 'violations', 'error_occurrences'] as const;

const eventOfRow = ({ body, tenant: _, pipeline_id: __, ...rest }: EventRow): ChainedEvent => ({
  ...rest,
  body: JSON.parse(body) as unknown,
});

/** What D1 has of a log between two events, both excluded and included respectively. */
async function readCopy(db: D1Database, id: string, after: number, upTo: number) {
  const [events, ...derived] = await db.batch([
    db
      .prepare('SELECT * FROM events WHERE pipeline_id = ? AND seq > ? AND seq <= ? ORDER BY seq')
      .bind(id, after, upTo),
    ...DERIVED.map((table) =>
      db
        .prepare(`SELECT seq FROM ${table} WHERE pipeline_id = ? AND seq > ? AND seq <= ?`)
        .bind(id, after, upTo),
    ),
  ]);
  return {
    events: new Map(((events?.results ?? []) as EventRow[]).map((row) => [row.seq, row])),
    derived: derived.map((d) => new Set(((d.results ?? []) as { seq: number }[]).map((row) => row.seq))),
  };
}

/** Where the ledger's copy and the object's event differ; null where they agree, or the copy is missing. */
function differs(
  place: Pick<Alarm, 'tenant' | 'pipeline_id'>,
  event: PipelineEvent,
  copy: EventRow | undefined,
): Alarm | null {
  if (!copy) return null;
  const at = { ...place, seq: event.seq };
  if (copy.hash !== event.hash || copy.tenant !== place.tenant)
    return { ...at, ledger_hash: copy.hash, object_hash: event.hash };
  // A row may keep its hash and say something else.
  const said = eventHash(eventOfRow(copy));
  return said === copy.hash ? null : { ...at, ledger_hash: said, object_hash: event.hash };
}

/** Puts a pipeline's newest state into the index; answers how many rows that took. */
async function index(db: D1Database, tenant: string, source: LogSource): Promise<number> {
  const state = await source.read(tenant);
  if (!state.ok || !state.value) return 0;
  const [upsert] = upsertPipelines(db, [{ tenant, pipeline: state.value }]);
  const written = await upsert?.run();
  return (written?.meta.changes ?? 0) > 0 ? 1 : 0;
}

/**
 * Compares one log with its copy, event by event, and writes what the copy lacks (LEDG-1). Where they differ it raises an alarm and
 * repairs nothing from there on: which of the two is right is for people to say.
 */
export async function reconcileLog(deps: ReconcileDeps, tenant: string, id: string): Promise<Reconciled> {
  const source = deps.pipeline(tenant, id);
  const place = { tenant, pipeline_id: id };
  const context = emptyContext();
  const found: Reconciled = { checked: 1, repaired: 0, alarms: [] };
  let head: ChainHead = EMPTY_CHAIN;
  for (;;) {
    const read = await source.events(tenant, head.seq, PAGE);
    if (!read.ok) {
      if (read.error.code === 'not_found') return { ...found, checked: 0 };
      // LEDG-5: nothing to compare; its place in the index of pipelines it keeps.
      if (read.error.code === 'archived')
        return { ...found, checked: 0, repaired: await index(deps.db, tenant, source) };
      throw new Error(`the log ${id} cannot be read: ${read.error.code}`);
    }
    const events = read.value;
    const checked = verifyChain(events, head);
    const last = events.at(-1);
    const copy = await readCopy(
      deps.db,
      id,
      head.seq,
      last && events.length === PAGE ? last.seq : Number.MAX_SAFE_INTEGER,
    );
    found.alarms.push(...events.flatMap((e) => differs(place, e, copy.events.get(e.seq)) ?? []));
    const beyond = [...copy.events.values()].find((row) => row.seq > (last?.seq ?? head.seq));
    if (beyond)
      found.alarms.push({ ...place, seq: beyond.seq, ledger_hash: beyond.hash, object_hash: 'missing' });
    if (!checked.ok)
      found.alarms.push({ ...place, seq: checked.seq, ledger_hash: 'chain', object_hash: checked.why });
    if (found.alarms.length > 0) break;
    found.repaired += await fill(deps.db, tenant, id, events, copy, context);
    if (events.length < PAGE || !last) {
      found.repaired += await index(deps.db, tenant, source);
      break;
    }
    head = last;
  }
  const rows = found.alarms.map((a): IntegrityAlarmRow => ({ ...a, at: deps.now() }));
  for (const a of rows) deps.log('error', 'integrity alarm: the ledger and its source differ', { ...a });
  if (isNonEmpty(rows)) await insertRows(deps.db, 'integrity_alarms', rows).run();
  return found;
}

/** Writes the events and the rows that follow from them which the copy lacks. Answers how many. */
async function fill(
  db: D1Database,
  tenant: string,
  id: string,
  events: readonly PipelineEvent[],
  copy: Awaited<ReturnType<typeof readCopy>>,
  context: ReturnType<typeof emptyContext>,
): Promise<number> {
  const all: Projection = emptyProjection();
  for (const event of events) project(all, context, tenant, id, event);
  const missing = events.filter((e) => !copy.events.has(e.seq));
  let written = 0;
  // The events first: with them alone a second run finds what a crash in between left out.
  for (const piece of chunk(missing.map((event) => ({ tenant, pipeline_id: id, context, event }))))
    await append(db, piece, []);
  written += missing.length;
  const fresh = new Set(missing.map((e) => e.seq));
  for (const [i, table] of DERIVED.entries()) {
    const known = copy.derived[i];
    const rows: readonly { seq: number }[] = all[table];
    const lacking = rows.filter((row) => !known?.has(row.seq) && !fresh.has(row.seq));
    if (isNonEmpty(lacking)) await insertRows(db, table, lacking).run();
    written += lacking.length;
  }
  return written;
}

/** Logs of a tenant looked at in one run: a round over many pipelines takes several. */
export const LOGS_PER_RUN = 100;

/**
 * One run over a tenant (LEDG-1): its own log, then the next pipelines of the round. A log that cannot be read does not stop the
 * others; the next round comes back to it.
 */
export async function reconcileTenant(
  deps: ReconcileDeps,
  tenant: string,
  logs = LOGS_PER_RUN,
): Promise<Reconciled> {
  const before = await deps.db
    .prepare('SELECT * FROM reconciliations WHERE tenant = ?')
    .bind(tenant)
    .first<ReconciliationRow>();
  const after = before?.after_number ?? 0;
  const total: Reconciled = { checked: 0, repaired: 0, alarms: [] };
  const reconcile = async (id: string): Promise<void> => {
    try {
      const one = await reconcileLog(deps, tenant, id);
      total.checked += one.checked;
      total.repaired += one.repaired;
      total.alarms.push(...one.alarms);
    } catch (error) {
      deps.log('warn', 'a log could not be reconciled', { tenant, pipeline_id: id, error: String(error) });
    }
  };
  // First of all, because it says what lies in the archive and is not to be copied any more (LEDG-5).
  await reconcile(controlLogId(tenant));
  const pipelines = await deps.pipelinesAfter(tenant, after, logs);
  const archived = await archivedOf(
    deps.db,
    tenant,
    pipelines.map((p) => p.pipeline_id),
  );
  for (const { pipeline_id } of pipelines) {
    const inIndex = archived.get(pipeline_id);
    if (inIndex === undefined) await reconcile(pipeline_id);
    else if (!inIndex) total.repaired += await index(deps.db, tenant, deps.pipeline(tenant, pipeline_id));
  }
  if (total.repaired > 0)
    deps.log('warn', 'the ledger lacked rows, and has them now', { tenant, rows: total.repaired });
  const ended = pipelines.length < logs;
  const row: ReconciliationRow = {
    tenant,
    after_number: ended ? 0 : (pipelines.at(-1)?.number ?? 0),
    checked: (before?.checked ?? 0) + total.checked,
    repaired: (before?.repaired ?? 0) + total.repaired,
    ran_at: deps.now(),
    round_ended_at: ended ? deps.now() : (before?.round_ended_at ?? null),
  };
  await insertRows(
    deps.db,
    'reconciliations',
    [row],
    `(tenant) DO UPDATE SET after_number = excluded.after_number, checked = excluded.checked,
     repaired = excluded.repaired, ran_at = excluded.ran_at, round_ended_at = excluded.round_ended_at`,
  ).run();
  return total;
}

/** LEDG-5: those of them that lie in the archive, and whether the index of pipelines still has their row. */
async function archivedOf(
  db: D1Database,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, boolean>> {
  const { results } = await db
    .prepare(
      `SELECT a.pipeline_id, p.number IS NOT NULL AS in_index
       FROM archives a LEFT JOIN pipelines p ON p.tenant = a.tenant AND p.number = a.number
       WHERE a.tenant = ? AND a.revision = 0 AND a.pipeline_id IN (SELECT value FROM json_each(?))`,
    )
    .bind(tenant, JSON.stringify(ids))
    .all<{ pipeline_id: string; in_index: number }>();
  return new Map(results.map((r) => [r.pipeline_id, r.in_index === 1]));
}
