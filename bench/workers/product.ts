import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { logStub, pipelineStub } from '#objects/shared/stubs.ts';
import type { Env } from '#workers/config.ts';
import { handleLedgerBatch } from '#workers/ledger/index.ts';
import product, * as objects from '#workers/main.ts';

/** The product as it is, with a few doors that put load on one part alone, or wait. `counted.ts` counts what it does. */
export class PipelineObject extends objects.PipelineObject {
  readonly #waiting: (() => void)[] = [];

  /** Answers when the pipeline has ended, which the completion of a step brings about. */
  async ended(): Promise<void> {
    if (!this.#over('')) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  override async complete(...args: Parameters<objects.PipelineObject['complete']>) {
    const done = await super.complete(...args);
    if (this.#waiting.length > 0 && this.#over('ORDER BY last_seq DESC LIMIT 1'))
      for (const tell of this.#waiting.splice(0)) tell();
    return done;
  }

  /** By the text of the log: a view of the pipeline after every step would load what is measured. */
  #over(which: string): boolean {
    const rows = this.ctx.storage.sql.exec<{ events: string }>(`SELECT events FROM log ${which}`).toArray();
    return rows.some(({ events }) => events.includes('"pipeline_ended"'));
  }
}
export const { ControlObject, FeedObject, DirectoryObject, LogObject } = objects;

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === '/__bench/ended') return ended(url.searchParams, env);
    if (url.pathname === '/__bench/append') return append(url.searchParams, env);
    if (url.pathname === '/__bench/ledger') return ledger(await request.json(), env);
    return product.fetch(request as never, env, ctx);
  },
  queue: product.queue,
  scheduled: product.scheduled,
};

/** Answers when the pipeline has ended: watching it from outside would load what is measured. */
async function ended(query: URLSearchParams, env: Env): Promise<Response> {
  const [tenant, id] = [query.get('tenant') ?? '', query.get('pipeline_id') ?? ''];
  const object = pipelineStub(env.PIPELINE, tenant, id) as unknown as Pick<PipelineObject, 'ended'>;
  await object.ended();
  return new Response();
}

/** Log lines into one pipeline, `width` at once: the cheapest command that commits an event. */
async function append(query: URLSearchParams, env: Env): Promise<Response> {
  const [tenant, id] = [query.get('tenant') ?? '', query.get('pipeline_id') ?? ''];
  const object = pipelineStub(env.PIPELINE, tenant, id);
  const message = 'x'.repeat(Number(query.get('bytes')));
  let left = Number(query.get('n'));
  let refused: unknown = null;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const line = { level: 'info', source: 'bench', message, fields: {} } as const;
      const done = await object.operate(tenant, 'service:bench', { kind: 'log', ...line });
      if (!done.ok) refused = done.error;
    }
  };
  await Promise.all(Array.from({ length: Number(query.get('width')) }, lane));
  return refused ? Response.json(refused, { status: 500 }) : new Response();
}

/** Ready-made logs through the ledger's own consumer. */
async function ledger(
  logs: { tenant: string; pipeline_id: string; events: PipelineEvent[]; state: never }[],
  env: Env,
): Promise<Response> {
  let failed = 0;
  const messages = logs.map(({ tenant, pipeline_id }, i) => ({
    ...{ id: `${i}`, timestamp: new Date(), attempts: 1, body: { tenant, pipeline_id, seq: 1 } },
    ack() {},
    retry() {
      failed += 1;
    },
  }));
  const batch = { queue: 'ags-ledger', messages, ackAll() {}, retryAll() {} } as unknown as MessageBatch;
  const from = Date.now();
  await handleLedgerBatch(batch, {
    db: env.LEDGER,
    pipeline: (_tenant, id) => {
      const log = logs.find((l) => l.pipeline_id === id);
      return {
        events: async (_t, since, limit) => ({
          ok: true,
          value: log?.events.slice(since, since + limit) ?? [],
        }),
        read: async () => ({ ok: true, value: log?.state as never }),
        shipped: async () => {},
      };
    },
    tree: (tenant) => logStub(env.LOG, tenant),
    log: (level, message, fields) => console.log(level, message, fields),
    now: () => new Date().toISOString(),
  });
  return failed === 0
    ? Response.json({ ms: Date.now() - from })
    : new Response('the ledger refused', { status: 500 });
}
