import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCredentials } from '#workers/credentials/index.ts';
import { handleRenewals } from '#workers/renewals/index.ts';

const PLANTED = {
  roleSecret: 'planted-control-secret-id',
  clientToken: 'hvs.planted-client-token',
  secretId: 'planted-single-use-secret-id',
  apiKey: 'sk-planted-model-key',
  storeToken: 'planted-store-token',
  sealingKey: Buffer.from('planted-sealing-key-of-32-bytes!').toString('base64'),
};

/** Whatever it is asked, this server answers with the whole request and every secret it knows: the worst an error text can be. */
let server: Server;
let base = '';
let status = 500;
let wrap = (text: string) => JSON.stringify({ errors: [text], error: text });

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const echo = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks)}`;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(wrap(`${echo} ${Object.values(PLANTED).join(' ')}`));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
afterEach(() => vi.restoreAllMocks());

const who = { tenant: 'acme', pipeline: 'pl_1', generation: 1 };
const agent = { ...who, agent: 'ag_1' };

async function everyCall(): Promise<unknown[]> {
  const config = {
    vault: { addr: base, role_id: 'role', secret_id: PLANTED.roleSecret, timeout_ms: 1_000 },
    store: { kind: 'upstash' as const, url: base, token: PLANTED.storeToken },
    sealing: { current: 'k1', keys: { k1: PLANTED.sealingKey } },
  };
  const answers: unknown[] = [];
  const credentials = createCredentials(config);
  answers.push(
    await credentials.login(who),
    await credentials.extend({ accessor: 'accessor', increment_s: 60 }),
    await credentials.issueAgent({ ...agent, tier: 1, ttl_s: 60 }),
    await credentials.readSecret({ ...agent, path: 'models/x' }),
    await credentials.revoke('accessor'),
    await credentials.lookup('accessor'),
    await credentials.forget({ pipeline: who.pipeline, agents: ['ag_1'] }),
    await credentials.health(),
  );
  // CRED-3: the renewals' own path, with the alarm that a third failure is.
  const told: unknown[] = [];
  await handleRenewals(
    {
      messages: [
        {
          body: { tenant: 'acme', pipeline_ids: ['pl_1'] },
          attempts: 3,
          ack: () => told.push('ack'),
          retry: () => told.push('retry'),
        },
        { body: { planted: PLANTED.apiKey }, attempts: 1, ack: () => told.push('ack'), retry: () => {} },
      ],
    },
    {
      pipeline: () => ({
        renewalsDue: async () => [{ accessor: 'accessor' }],
        recordRenewals: async (_tenant, renewals) => {
          told.push(renewals);
          return { accepted: true };
        },
      }),
      credentials,
      now: () => 0,
      random: () => 0,
      log: (...words) => void told.push(words),
    },
  );
  answers.push(told);
  // A Vault that is well beside a store that is not: the token itself is on its way into the store when that fails.
  const good = createCredentials(config, { fetch: wellBehavedVault });
  answers.push(await good.login(who));
  return answers;
}

/** Answers each call with the planted values in their right places. */
const wellBehavedVault: typeof fetch = async (input) => {
  const path = new URL(String(input)).pathname;
  const auth = { client_token: PLANTED.clientToken, accessor: 'acc', policies: ['p'], lease_duration: 300 };
  if (path.endsWith('/login')) return Response.json({ auth });
  if (path.endsWith('/role-id')) return Response.json({ data: { role_id: 'r' } });
  if (path.endsWith('/secret-id')) return Response.json({ data: { secret_id: PLANTED.secretId } });
  return Response.json({ data: { data: { api_key: PLANTED.apiKey } } });
};

const modes: [string, number, (text: string) => string][] = [
  ['a 400', 400, (text) => JSON.stringify({ errors: [`invalid secret_id ${text}`], error: text })],
  ['a 401', 401, (text) => JSON.stringify({ errors: [text], error: `WRONGPASS ${text}` })],
  ['a 403', 403, (text) => JSON.stringify({ errors: [text], error: text })],
  ['a 404', 404, (text) => JSON.stringify({ errors: [text], error: text })],
  ['a 429', 429, (text) => JSON.stringify({ errors: [text], error: text })],
  ['a 500', 500, (text) => JSON.stringify({ errors: [text], error: text })],
  ['a 503', 503, (text) => JSON.stringify({ errors: [`Vault is sealed ${text}`], error: text })],
  ['a page of text', 200, (text) => `<html>${text}</html>`],
  ['JSON of another shape', 200, (text) => JSON.stringify({ message: text })],
  [
    'a lying success',
    200,
    (text) => JSON.stringify({ auth: { client_token: text }, data: { ttl: text }, result: text }),
  ],
];

describe('planted secrets', () => {
  it.each(modes)(
    'SEC-3: are in no result and no console line when every answer is %s that quotes them',
    async (_, code, shape) => {
      status = code;
      wrap = shape;
      const printed: unknown[] = [];
      for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
        vi.spyOn(console, method).mockImplementation((...words) => void printed.push(...words));
      }
      const answers = await everyCall();
      const shown = inspect([answers, printed], { depth: Number.POSITIVE_INFINITY, maxStringLength: null });
      for (const [name, planted] of Object.entries(PLANTED)) {
        expect(shown.includes(planted), `${name} shows in ${shown}`).toBe(false);
      }
      expect(answers.some((answer) => (answer as { ok?: boolean }).ok === false)).toBe(true);
    },
  );
});
