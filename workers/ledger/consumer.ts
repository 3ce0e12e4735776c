import type { Pipeline } from '#contract/pipeline.ts';
import { LedgerMessage } from '#contract/queue.ts';
import { type ChainHead, EMPTY_CHAIN } from '#domain/ledger/chain.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import type { LogRpc } from '#objects/tenant/log/rpc.ts';
import { append, chunk, type FreshEvent } from './append.ts';
import { loadContexts, readHeads } from './heads.ts';
import { upsertPipelines } from './pipelines.ts';
import { type Context, emptyContext } from './project.ts';
import { insertRows, isNonEmpty, MAX_ROWS } from './rows.ts';
import type { IntegrityAlarmRow } from './schema.ts';
import { sequenceHeads } from './sequence.ts';
import type { LogSource } from './source.ts';

export interface LedgerDeps {
  db: D1Database;
  pipeline(tenant: string, pipelineId: string): LogSource;
  /** The tenant's Merkle log, which gets the heads of what is in D1. */
  tree(tenant: string): Pick<LogRpc, 'submit'>;
  log(level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>): void;
  /** RFC 3339, UTC, milliseconds. */
  now(): string;
}

/** One pipeline that messages of this batch are about. */
interface Group {
  tenant: string;
  pipeline_id: string;
  messages: Message[];
  head: ChainHead;
  context: Context;
  /** Beyond the head; of the current pass. */
  events: PipelineEvent[];
  pipeline: Pipeline | null;
  outcome: 'reading' | 'current' | 'retry' | 'drop';
}

/** Delay in seconds before a message comes again: 2, 4, … 300. The object repeats its hint anyway once messages are gone. */
export const retryDelay = (attempts: number): number => Math.min(300, 2 ** Math.min(attempts, 9));

/**
 * Brings D1 up to date with the pipelines that a batch of hints names (LEDG-1). Never throws: what could not be written comes
 * again. A message is only acknowledged when its rows are in D1, so nothing is lost.
 */
export async function handleLedgerBatch(batch: MessageBatch<unknown>, deps: LedgerDeps): Promise<void> {
  const groups = groupMessages(batch, deps);
  try {
    const heads = await readHeads(
      deps.db,
      groups.map((g) => g.pipeline_id),
    );
    for (const g of groups) g.head = heads.get(g.pipeline_id) ?? g.head;
    for (;;) {
      const reading = groups.filter((g) => g.outcome === 'reading');
      if (reading.length === 0) break;
      await eachOf(reading, (g) => readEvents(g, deps));
      await writePass(
        reading.filter((g) => g.outcome === 'reading' || g.outcome === 'current'),
        deps,
      );
    }
  } catch (error) {
    deps.log('error', 'the ledger could not be written; its messages come again', { error: String(error) });
    for (const g of groups) if (g.outcome !== 'drop') g.outcome = 'retry';
  }
  await sequence(
    groups.filter((g) => g.outcome === 'current'),
    deps,
  );
  await eachOf(
    groups.filter((g) => g.outcome === 'current'),
    (g) => confirm(g, deps),
  );
  for (const g of groups)
    for (const m of g.messages)
      if (g.outcome === 'retry') m.retry({ delaySeconds: retryDelay(m.attempts) });
      else m.ack();
}

function groupMessages(batch: MessageBatch<unknown>, deps: LedgerDeps): Group[] {
  const groups = new Map<string, Group>();
  for (const message of batch.messages) {
    const hint = LedgerMessage.safeParse(message.body);
    if (!hint.success) {
      deps.log('error', 'a ledger message is not a hint', { message_id: message.id });
      message.ack();
      continue;
    }
    const { tenant, pipeline_id } = hint.data;
    const known = groups.get(`${tenant}/${pipeline_id}`);
    if (known) known.messages.push(message);
    else
      groups.set(`${tenant}/${pipeline_id}`, {
        ...{ tenant, pipeline_id, messages: [message], events: [], pipeline: null, outcome: 'reading' },
        head: EMPTY_CHAIN,
        context: emptyContext(),
      });
  }
  return [...groups.values()];
}

/** Reads one pass of events, and the pipeline's state once there are no more. The first event read is the last one known: if its hash still stands, so does all before it. */
async function readEvents(g: Group, deps: LedgerDeps): Promise<void> {
  try {
    const object = deps.pipeline(g.tenant, g.pipeline_id);
    const known = g.head.seq;
    const read = await object.events(g.tenant, Math.max(0, known - 1), MAX_ROWS);
    if (!read.ok) return refuse(g, deps, read.error.code);
    const events = known > 0 ? read.value.slice(1) : read.value;
    const fork = findFork(g, read.value[0], events);
    if (fork) {
      g.outcome = 'drop';
      return await raiseAlarms(deps, [fork]);
    }
    g.events = events;
    if (read.value.length < MAX_ROWS) {
      const state = await object.read(g.tenant);
      if (!state.ok) return refuse(g, deps, state.error.code);
      g.pipeline = state.value;
      g.outcome = 'current';
    }
  } catch (error) {
    g.outcome = 'retry';
    deps.log('warn', 'a pipeline could not be read for the ledger', {
      pipeline_id: g.pipeline_id,
      error: String(error),
    });
  }
}

function refuse(g: Group, deps: LedgerDeps, code: string): void {
  // LEDG-5: a hint that came late; what it was about is in the archive.
  if (code === 'archived') {
    g.outcome = 'drop';
    return;
  }
  g.outcome = code === 'not_found' ? 'drop' : 'retry';
  deps.log('warn', 'a pipeline refuses to be read for the ledger', { pipeline_id: g.pipeline_id, code });
}

function findFork(
  g: Group,
  /** The last known one, when there is one, as the object has it now. */
  again: PipelineEvent | undefined,
  events: PipelineEvent[],
): Omit<IntegrityAlarmRow, 'at'> | null {
  const alarm = (seq: number, ledger_hash: string, object_hash: string) => ({
    ...{ tenant: g.tenant, pipeline_id: g.pipeline_id, seq, ledger_hash, object_hash },
  });
  const { seq, hash } = g.head;
  if (seq > 0 && again?.hash !== hash) return alarm(seq, hash, again?.hash ?? 'missing');
  let before = { seq, hash };
  for (const e of events) {
    if (e.seq !== before.seq + 1 || e.prev_hash !== before.hash)
      return alarm(e.seq, before.hash, e.prev_hash);
    before = e;
  }
  return null;
}

/** Writes what a pass has read. A piece that failed before goes in alone, so that one bad row holds up its own pipeline only. */
async function writePass(groups: Group[], deps: LedgerDeps): Promise<void> {
  await loadContexts(deps.db, groups);
  const suspect = (g: Group) => g.messages.some((m) => m.attempts > 2);
  const together = groups.filter((g) => !suspect(g));
  for (const list of [together, ...groups.filter(suspect).map((g) => [g])]) {
    if (list.length > 0) await write(list, deps);
  }
}

async function write(groups: Group[], deps: LedgerDeps): Promise<void> {
  try {
    const fresh = groups.flatMap((g): FreshEvent[] =>
      g.events.map((event) => ({
        ...{ tenant: g.tenant, pipeline_id: g.pipeline_id, context: g.context, event },
      })),
    );
    const states = groups.flatMap((g) => (g.pipeline ? [{ tenant: g.tenant, pipeline: g.pipeline }] : []));
    const chunks = chunk(fresh);
    if (chunks.length === 0) chunks.push([]);
    for (const [i, piece] of chunks.entries()) {
      const last = i === chunks.length - 1;
      const alarms = await append(deps.db, piece, last ? upsertPipelines(deps.db, states) : []);
      await raiseAlarms(deps, alarms);
      for (const g of groups) if (alarms.some((a) => a.pipeline_id === g.pipeline_id)) g.outcome = 'drop';
    }
    for (const g of groups) g.head = g.events.at(-1) ?? g.head;
  } catch (error) {
    for (const g of groups) g.outcome = 'retry';
    deps.log('error', 'rows could not be written to the ledger', {
      pipelines: groups.map((g) => g.pipeline_id),
      error: String(error),
    });
  }
}

/** Records and reports; the first copy stays in the ledger, and the pipeline's object keeps its unshipped mark. */
async function raiseAlarms(deps: LedgerDeps, alarms: Omit<IntegrityAlarmRow, 'at'>[]): Promise<void> {
  const rows = alarms.map((a): IntegrityAlarmRow => ({ ...a, at: deps.now() }));
  if (!isNonEmpty(rows)) return;
  for (const a of rows) deps.log('error', 'integrity alarm: the ledger and the pipeline differ', { ...a });
  await insertRows(deps.db, 'integrity_alarms', rows).run();
}

/** LEDG-2: after D1 has the events, their tenant's log gets the heads. What it could not take comes again with its hint. */
async function sequence(groups: Group[], deps: LedgerDeps): Promise<void> {
  const heads = groups.filter(({ head }) => head.seq > 0);
  const { conflicts, failed } = await sequenceHeads(heads, deps);
  for (const g of groups) {
    if (failed.has(g.tenant)) g.outcome = 'retry';
    if (conflicts.some((c) => c.pipeline_id === g.pipeline_id)) g.outcome = 'drop';
  }
  try {
    await raiseAlarms(deps, conflicts);
  } catch (error) {
    for (const g of groups) g.outcome = 'retry';
    deps.log('error', 'an integrity alarm could not be recorded; it comes again', { error: String(error) });
  }
}

/** Tells the object how far the ledger is. If that fails it hints again, and the next pass finds nothing to do. */
async function confirm(g: Group, deps: LedgerDeps): Promise<void> {
  try {
    await deps.pipeline(g.tenant, g.pipeline_id).shipped(g.tenant, g.head.seq);
  } catch (error) {
    deps.log('warn', 'a pipeline could not be told that it is in the ledger', {
      pipeline_id: g.pipeline_id,
      error: String(error),
    });
  }
}

/** A Worker has six connections at once; more would only wait. */
const AT_ONCE = 6;

async function eachOf<T>(list: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...list];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, worker));
}
