import { DurableObject } from 'cloudflare:workers';
import { applyFault, type Fault, NO_FAULT } from '../controls.ts';
import type { EmbeddedEnv } from '../env.ts';
import { Keyspace } from './keyspace.ts';
import { handleRest } from './rest.ts';

const OFFSET = 'clock_offset';

/** The embedded store: one SQLite-backed object that answers Upstash's REST API. */
export class RedisObject extends DurableObject<EmbeddedEnv> {
  readonly #space: Keyspace;
  #offset = 0;
  #fault: Fault = NO_FAULT;

  constructor(ctx: DurableObjectState, env: EmbeddedEnv) {
    super(ctx, env);
    if (!env.EMBEDDED_REDIS_TOKEN) throw new Error('EMBEDDED_REDIS_TOKEN is not set');
    this.#space = new Keyspace(ctx.storage.sql, () => Date.now() + this.#offset);
    const saved = ctx.storage.sql
      .exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', OFFSET)
      .toArray()[0];
    this.#offset = Number(saved?.value ?? 0);
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const faulty = await applyFault(this.#fault, url.pathname, () =>
      Response.json({ error: 'ERR max requests limit exceeded' }, { status: 429 }),
    );
    if (faulty) return faulty;
    const bearer = request.headers.get('authorization')?.match(/^Bearer (.+)$/i)?.[1];
    if ((bearer ?? url.searchParams.get('_token')) !== this.env.EMBEDDED_REDIS_TOKEN) {
      return Response.json({ error: 'WRONGPASS invalid or missing auth token' }, { status: 401 });
    }
    const body = await request.text();
    const { status, body: answer } = this.ctx.storage.transactionSync(() =>
      handleRest(this.#space, {
        method: request.method,
        path: url.pathname,
        query: url.searchParams,
        body,
        base64: request.headers.get('upstash-encoding')?.toLowerCase() === 'base64',
      }),
    );
    return Response.json(answer, { status });
  }

  advanceClock(ms: number): void {
    this.#offset += ms;
    this.ctx.storage.sql.exec(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      OFFSET,
      String(this.#offset),
    );
  }

  setFault(fault: Fault): void {
    this.#fault = fault;
  }
}
