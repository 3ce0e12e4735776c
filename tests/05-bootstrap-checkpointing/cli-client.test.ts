import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError, createClient, type StreamStatus, UnreachableError } from '#client/index.ts';
import { type FakeApi, goldenLog, problem, startFakeApi } from '#tests/support/fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi();
});
afterEach(() => api.stop());

const client = () => createClient({ baseUrl: api.url, key: api.key });

describe('the typed client', () => {
  it('API-2 API-4: a refusal carries the whole problem, and Retry-After', async () => {
    api.answer('POST /api/spawn', () => ({
      ...problem('quota_exceeded', 'Too many.'),
      headers: { 'retry-after': '7' },
    }));
    const refusal = await client()
      .spawn({ plan_id: 'plan_0000' })
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ApiError);
    expect(refusal).toMatchObject({
      problem: { code: 'quota_exceeded', remedy: 'remedy of quota_exceeded' },
      retryAfter: 7,
    });
  });

  it('API-4: nobody there and no answer in time are told from a refusal', async () => {
    const nobody = createClient({ baseUrl: 'http://127.0.0.1:9', key: 'k' });
    await expect(nobody.liveness()).rejects.toBeInstanceOf(UnreachableError);
    const never = createClient({
      baseUrl: api.url,
      timeoutMs: 20,
      fetch: (_input, init) =>
        new Promise((_, reject) =>
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
        ),
    });
    await expect(never.liveness()).rejects.toThrow(/no answer in time/);
  });

  it('TEN-3: without a key the session’s cookie is used, and mutations carry the CSRF header; with one neither', async () => {
    const seen: { headers: Headers; credentials: string | undefined }[] = [];
    const record: typeof fetch = async (_input, init) => {
      seen.push({ headers: new Headers(init?.headers), credentials: init?.credentials });
      return Response.json({});
    };
    const browser = createClient({ baseUrl: '', fetch: record });
    await browser.continuePipeline('pl_0000');
    await browser.pipeline('pl_0000');
    await createClient({ baseUrl: '', key: 'secret', fetch: record }).continuePipeline('pl_0000');
    expect(seen.map(({ headers }) => headers.get('x-ags-csrf'))).toEqual(['1', null, null]);
    expect(seen.map(({ headers }) => headers.get('authorization'))).toEqual([null, null, 'Bearer secret']);
    expect(seen.map(({ credentials }) => credentials)).toEqual(['same-origin', 'same-origin', 'omit']);
  });

  it('SEC-3: a redirect does not carry the key elsewhere', async () => {
    api.answer('GET /api/auth/whoami', () => ({
      status: 302,
      body: '',
      headers: { location: 'http://127.0.0.1:9/steal' },
    }));
    await expect(client().whoami()).rejects.toBeInstanceOf(UnreachableError);
  });

  it('API-3 TEN-3: a stream resumes by seq with a new ticket each time, without gap or repeat', async () => {
    api.play(goldenLog('v1-consensus'), 15);
    const seqs: number[] = [];
    const statuses: StreamStatus[] = [];
    let closed: () => void = () => {};
    const done = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const last = goldenLog('v1-consensus').length;
    const subscription = client().watchPipeline(api.pipelineId, {
      onStatus: (status) => {
        statuses.push(status);
        if (status === 'closed') closed();
        // Cut as soon as it is live: the events in between come with the next connection.
        if (status === 'live') {
          api.dropSockets();
          void client().orchestration(api.pipelineId);
        }
      },
      onEvents: (events) => {
        seqs.push(...events.map((event) => event.seq));
        if (seqs.at(-1) === last) subscription.close();
      },
    });
    await done;
    expect(seqs).toEqual(Array.from({ length: last }, (_, at) => at + 1));
    expect(statuses.filter((status) => status === 'stale').length).toBeGreaterThan(1);
  });

  it('API-3: a refused stream ends and says why, instead of trying for ever', async () => {
    const refusal = await new Promise<ApiError>((resolve) => {
      createClient({ baseUrl: api.url, key: 'ags_wrong' }).watchPipeline('pl_0000', {
        onEvents: () => {},
        onRefused: resolve,
      });
    });
    expect(refusal.problem.code).toBe('unauthenticated');
  });
});

describe('the launcher', () => {
  const path = (name: string) => fileURLToPath(new URL(`../../cli/bin/${name}`, import.meta.url));
  const run = (node: string, ...args: string[]) =>
    spawnSync(node, args, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', HOME: '/nowhere' } });

  /** A Node of the machine that is too old to run TypeScript. */
  const old = ['/usr/bin/node', '/usr/local/bin/node'].find((node) =>
    /^v(20|21|22\.([0-9]|1[0-7])\.)/.test(run(node, '--version').stdout ?? ''),
  );

  it('CLI-1: `pipeline` is `ags pipeline`', () => {
    const { status, stdout } = run(process.execPath, path('pipeline.mjs'), 'list', '--help');
    expect(status).toBe(0);
    expect(stdout).toContain('Usage: ags pipeline list');
  });

  it('CLI-1: the exit code is the program’s', () => {
    expect(run(process.execPath, path('ags.mjs'), 'nonsense').status).toBe(64);
  });

  it.skipIf(old === undefined)(
    'RUN-1 CLI-1: an older Node hands over to the bundled one, exit code and all',
    () => {
      const { status, stdout } = run(old!, path('ags.mjs'), 'run', '--help');
      expect(status).toBe(0);
      expect(stdout).toContain('Usage: ags run');
      expect(run(old!, path('pipeline.mjs'), 'nonsense').status).toBe(64);
    },
  );
});
