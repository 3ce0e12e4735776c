import { DurableObject } from 'cloudflare:workers';
import { pipelineCalls, type Services } from './calls.ts';

/** The physical limit to compare with: an object that does nothing but commit one row per request. */
export class BareObject extends DurableObject {
  #n = 0;

  constructor(ctx: DurableObjectState, env: never) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, events TEXT NOT NULL)');
  }

  commit(text: string): number {
    return this.ctx.storage.transactionSync(() => {
      this.#n += 1;
      this.ctx.storage.sql.exec('INSERT INTO log VALUES (?, ?)', this.#n, text);
      return this.#n;
    });
  }
}

interface Env {
  BARE: DurableObjectNamespace<BareObject>;
  LEDGER: D1Database;
}

const COLUMNS = 'tenant, pipeline_id, seq, at, type, v, actor, body, salt, prev_hash, hash';

/** Runs `make` `n` times, `width` of them at once. */
async function inFlight(n: number, width: number, make: () => Promise<void>): Promise<void> {
  let left = n;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await make();
  };
  await Promise.all(Array.from({ length: width }, lane));
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const number = (name: string): number => Number(url.searchParams.get(name));
    const text = 'x'.repeat(number('bytes'));

    if (url.pathname === '/pipelines') {
      const calls = request.method === 'POST' ? await pipelineCalls(await request.json<Services>()) : null;
      await inFlight(number('n'), number('width'), async () => {
        const object = env.BARE.get(env.BARE.newUniqueId());
        for (let i = 0; i < number('commits'); i += 1) await object.commit(text);
        await calls?.();
      });
    }

    if (url.pathname === '/append') {
      const object = env.BARE.get(env.BARE.newUniqueId());
      await inFlight(number('n'), number('width'), async () => {
        await object.commit(text);
      });
    }

    if (url.pathname === '/d1') {
      await env.LEDGER.prepare(
        `CREATE TABLE IF NOT EXISTS raw (${COLUMNS}, PRIMARY KEY (pipeline_id, seq)) WITHOUT ROWID`,
      ).run();
      const { rows } = await request.json<{ rows: object[] }>();
      const values = COLUMNS.split(', ').map((c) => `value ->> '$.${c}'`);
      const insert = `INSERT INTO raw (${COLUMNS}) SELECT ${values} FROM json_each(?)`;
      const from = Date.now();
      for (let i = 0; i < rows.length; i += 1_000)
        await env.LEDGER.prepare(insert)
          .bind(JSON.stringify(rows.slice(i, i + 1_000)))
          .run();
      // The clock of a Worker stands still while it computes, so this is the time spent in D1 and between its answers.
      return Response.json({ ms: Date.now() - from });
    }
    return new Response();
  },
};
