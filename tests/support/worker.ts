import {
  applyD1Migrations,
  createExecutionContext,
  type D1Migration,
  waitOnExecutionContext,
} from 'cloudflare:test';
import { env as bindings } from 'cloudflare:workers';
import type { AccessRole } from '#contract/access.ts';
import type { Env } from '#workers/config.ts';
import worker from '#workers/main.ts';
import { TEST_VARIABLES } from './worker-env.ts';

/** The Worker under test: its bindings as the tests see them, and requests to its own `fetch`. */
export const env = bindings as unknown as Env & { D1_MIGRATIONS: D1Migration[] };
export const ORIGIN = 'https://ags.test';
export const PLATFORM_KEY = TEST_VARIABLES.AGS_PLATFORM_KEY;

export const migrateLedger = (): Promise<void> => applyD1Migrations(env.LEDGER, env.D1_MIGRATIONS);

export interface Ask {
  method?: string;
  key?: string;
  /** A string goes out as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  env?: object;
  /** Instead of all of the above. */
  request?: Request;
}

/** One request, waiting for what it left running. */
export async function ask(path: string, a: Ask = {}): Promise<Response> {
  const headers = new Headers(a.headers);
  if (a.key !== undefined) headers.set('authorization', `Bearer ${a.key}`);
  const body = typeof a.body === 'string' || a.body === undefined ? a.body : JSON.stringify(a.body);
  const method = a.method ?? (body === undefined ? 'GET' : 'POST');
  const context = createExecutionContext();
  const response = await worker.fetch(
    (a.request ?? new Request(`${ORIGIN}${path}`, { method, headers, body })) as Parameters<
      typeof worker.fetch
    >[0],
    (a.env ?? env) as Env,
    context,
  );
  await waitOnExecutionContext(context);
  return response;
}

/** Status, headers and JSON of an answer; the caller says what it expects to find. */
export async function answer<T = Record<string, unknown>>(
  path: string,
  a: Ask = {},
): Promise<{ status: number; body: T; headers: Headers }> {
  const response = await ask(path, a);
  const text = await response.text();
  return {
    status: response.status,
    body: (text === '' ? null : JSON.parse(text)) as T,
    headers: response.headers,
  };
}

type Secret = { secret: string; key_id: string };

export interface TestTenant {
  tenant: string;
  project_id: string;
  bootstrap: string;
  /** A person, their subject id, and a key in each role. */
  person: string;
  keys: Record<AccessRole, string>;
  /** Another key, for the same person or another owner. */
  newKey(a: {
    role: AccessRole;
    owner?: string;
    project_ids?: string[];
    expires_at?: string;
  }): Promise<Secret>;
  /** Another person or service; answers the subject id. */
  newSubject(kind: 'person' | 'service'): Promise<string>;
}

/** A tenant with a person who has a key in every role, made through the API. */
export async function makeTenant(tenant: string): Promise<TestTenant> {
  const made = await answer<{ default_project_id: string; bootstrap: Secret }>('/api/tenants', {
    key: PLATFORM_KEY,
    body: { tenant, name: tenant },
  });
  const bootstrap = made.body.bootstrap.secret;
  const person = await answer<{ subject_id: string }>('/api/people', {
    key: bootstrap,
    body: { name: `${tenant}’s person`, kind: 'person' },
  });
  const owner = person.body.subject_id;
  const newKey: TestTenant['newKey'] = async (a) => {
    const key = await answer<Secret>('/api/keys', { key: bootstrap, body: { name: a.role, owner, ...a } });
    return key.body;
  };
  const secret = async (role: AccessRole) => (await newKey({ role })).secret;
  return {
    tenant,
    project_id: made.body.default_project_id,
    bootstrap,
    person: owner,
    keys: {
      viewer: await secret('viewer'),
      operator: await secret('operator'),
      admin: await secret('admin'),
      auditor: await secret('auditor'),
    },
    newKey,
    async newSubject(kind) {
      const subject = await answer<{ subject_id: string }>('/api/people', {
        key: bootstrap,
        body: { name: `another ${kind}`, kind },
      });
      return subject.body.subject_id;
    },
  };
}

/** A plan that parses; its model is reached by nobody in these tests. */
export const planSource = (over: { tier?: number; name?: string; version?: string } = {}): string =>
  `name: ${over.name ?? 'small'}\nversion: ${over.version ?? '1.0.0'}\ntier: ${over.tier ?? 1}\nobjective: Is this fine?\n`;

export const spawnBody = (over: Parameters<typeof planSource>[0] = {}) => ({
  plan: { source: planSource(over) },
});
