import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import {
  answer,
  ask,
  env,
  makeTenant,
  migrateLedger,
  PLATFORM_KEY,
  spawnBody,
} from '#tests/support/worker.ts';
import { TEST_VARIABLES } from '#tests/support/worker-env.ts';
import { runScheduled } from '#workers/cron.ts';

listenToQueues();
beforeAll(migrateLedger);

const said: string[] = [];
beforeEach(() => {
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation((...parts) => void said.push(parts.map(String).join(' ')));
});

it('SEC-3: keys, cookies, links, tickets and the deployment’s own secrets are in no log, event, change, row or problem', async () => {
  const acme = await makeTenant('acme');
  const { admin: key } = acme.keys;
  const link = (await answer<{ token: string }>('/api/auth/links', { key, body: {} })).body.token;
  const signedIn = await ask('/api/auth/session', { body: { link_token: link } });
  const cookie = /ags_session=([^;]+)/.exec(signedIn.headers.get('set-cookie') ?? '')?.[1] ?? '';
  const ticket = (await answer<{ ticket: string }>('/api/tickets', { key, body: {} })).body.ticket;
  const rotated = await acme.newKey({ role: 'viewer' });
  expect([link, cookie, ticket, rotated.secret].every((secret) => secret.length > 20)).toBe(true);

  const answers: string[] = [];
  const hear = async (response: Promise<Response>) => answers.push(await (await response).text());
  // What leaks does so when something goes wrong: the credential in the wrong place, twice, cut off, or with nonsense beside it.
  await hear(ask(`/api/pipeline?pipeline_id=${encodeURIComponent(key)}`, { key }));
  await hear(ask('/api/auth/session', { body: { link_token: link } }));
  await hear(ask('/api/auth/session', { body: { key: `${key}x` } }));
  await hear(ask(`/api/stream?ticket=${ticket}`, { headers: { upgrade: 'websocket' } }));
  await hear(ask(`/api/stream?ticket=${ticket}`, { headers: { upgrade: 'websocket' } }));
  await hear(
    ask('/api/projects', {
      method: 'POST',
      headers: { cookie: `ags_session=${cookie}`, origin: 'https://evil.test' },
    }),
  );
  await hear(ask('/api/auth/whoami', { headers: { cookie: `ags_session=${cookie}x` } }));
  await hear(ask('/api/auth/whoami', { headers: { authorization: `Bearer ${key} ${PLATFORM_KEY}` } }));
  const broken = {
    ...env,
    CONTROL: { getByName: () => ({ authenticateKey: () => Promise.reject(new Error(`no ${key}`)) }) },
  };
  await hear(ask('/api/auth/whoami', { key, env: broken }));
  await hear(ask('/api/health', { key }));

  const { body: pipeline } = await answer<Pipeline>('/api/spawn', { key, body: spawnBody() });
  await (await new DrivenPipeline('acme', pipeline.pipeline_id).toConsensus()).revokeAll();
  await runScheduled({ cron: '*/30 * * * *' }, env);
  const tables = ['events', 'pipelines', 'agent_metrics', 'dead_letters'];
  const rows = await Promise.all(tables.map((table) => env.LEDGER.prepare(`SELECT * FROM ${table}`).all()));
  expect(rows[0]?.results.length).toBeGreaterThan(10);

  const everything = JSON.stringify([
    said,
    answers,
    rows.map((r) => r.results),
    await new DrivenPipeline('acme', pipeline.pipeline_id).events(),
    await controlStub(env.CONTROL, 'acme').changes(0, 1_000),
    await controlStub(env.CONTROL, 'acme').listKeys(),
  ]);
  const secrets = [
    ...[link, cookie, ticket, rotated.secret, acme.bootstrap, ...Object.values(acme.keys)].map(
      // The random part: a prefix may be shown.
      (secret) => secret.split('_').at(-1) ?? '',
    ),
    ...[PLATFORM_KEY, TEST_VARIABLES.AGS_KEY_PEPPER, TEST_VARIABLES.AGS_SEALING_KEYS.slice(3)],
  ];
  expect(secrets.every((secret) => secret.length >= 20)).toBe(true);
  expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
  expect(said.length).toBeGreaterThan(10);
});
