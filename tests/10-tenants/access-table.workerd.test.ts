import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { PlanSummary } from '#contract/requests.ts';
import { ACCESS_ROLES, type AccessRole } from '#domain/governance/access-role.ts';
import { formatKey, verifierKey } from '#domain/ledger/log/note.ts';
import {
  idsOf,
  type Known,
  type OpenApi,
  type Operation,
  operationsOf,
  requestFor,
  Sampler,
  type Wants,
} from '#tests/support/requests.ts';
import {
  answer,
  ask,
  makeTenant,
  migrateLedger,
  PLATFORM_KEY,
  planSource,
  type TestTenant,
} from '#tests/support/worker.ts';
import { ACCESS, type Access } from '#workers/api/index.ts';

/** Refinements that a JSON Schema cannot say: which of two alternatives is sent. */
const FIELDS: Record<string, readonly string[]> = {
  'POST /api/spawn': ['plan_id'],
  'POST /api/plans/check': ['plan_id'],
  'PUT /api/quotas': ['retention_days'],
};
/** These act on the caller's own credential, or need one that is not a key; other tests cover them. */
const OWN_CREDENTIAL = new Set([
  'DELETE /api/auth/session',
  'POST /api/auth/session',
  'POST /api/auth/access',
  'POST /api/auth/platform',
]);
/** In everything that a tenant names, so that it can be looked for in what another one reads. */
const MARK = 'zebra-quartz';

interface World {
  of: TestTenant;
  /** One of each kind of thing that has an id. */
  ids: Record<string, unknown>;
}

async function makeWorld(tenant: string): Promise<World> {
  const of = await makeTenant(tenant);
  const key = of.keys.admin;
  const made = async <T>(path: string, body: unknown) => (await answer<T>(path, { key, body })).body;
  const source = planSource({ name: `${MARK}-${tenant}` });
  const plan = await made<PlanSummary>('/api/plans', { source });
  const pipeline = await made<Pipeline>('/api/spawn', { plan_id: plan.plan_id });
  const project = await made<{ project_id: string }>('/api/projects', { name: `${MARK} ${tenant}` });
  const memory = await made<{ memory_id: string }>('/api/memory', { title: MARK, text: `${MARK} ${tenant}` });
  const { key_id } = await of.newKey({ role: 'viewer' });
  const part = pipeline.pipeline_id.slice(3);
  return {
    of,
    ids: {
      tenant,
      key_id,
      owner: of.person,
      subject_id: of.person,
      plan_id: plan.plan_id,
      project_id: project.project_id,
      memory_id: memory.memory_id,
      pipeline_id: pipeline.pipeline_id,
      agent_id: `ag_${part}_1`,
      step_id: `st_${part}_1`,
      action_id: `ac_${part}_1`,
      approval_id: `ap_${part}_1`,
    },
  };
}

const TEXTS: Known = {
  source: planSource({ name: 'sent' }),
  cedar: '@id("none") forbid (principal, action == Action::"none", resource);',
  at: 1,
  link_token: 'lnk_nothing_0',
  // A witness's key, and a tree head that there is not.
  key: formatKey(verifierKey('witness.test', 'cosignature', new Uint8Array(32))),
  size: 1_000_000,
};

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
});

let acme: World;
let globex: World;
let document: OpenApi;
let operations: Operation[];
beforeAll(async () => {
  await migrateLedger();
  [acme, globex] = [await makeWorld('acme'), await makeWorld('globex')];
  document = (await answer<OpenApi>('/api/openapi.json')).body;
  operations = operationsOf(document);
});

const accessOf = (operation: Operation): Access =>
  (ACCESS as Record<string, Access>)[operation.name] ?? 'open';
const wantsOf =
  (operation: Operation, more: readonly string[] = []): Wants =>
  (field) =>
    more.includes(field) || FIELDS[operation.name]?.includes(field) === true;

async function send(operation: Operation, ids: Known, key: string | undefined, more: readonly string[] = []) {
  const sampler = new Sampler(document, { ...TEXTS, ...ids });
  const { path, method, body } = requestFor(operation, sampler, wantsOf(operation, more));
  const headers: Record<string, string> = operation.path.endsWith('/stream')
    ? { accept: 'text/event-stream' }
    : {};
  const response = await ask(path, { method, key, body, headers });
  const type = response.headers.get('content-type') ?? '';
  const streams = type.includes('event-stream');
  if (streams) await response.body?.cancel();
  const text = streams ? '' : await response.text();
  const code = type.includes('problem+json') ? (JSON.parse(text) as { code: string }).code : null;
  return { status: response.status, code, text };
}

/** An empty list, or a file without a line beyond its heading. */
function isEmpty(status: number, text: string): boolean {
  if (status !== 200) return false;
  if (!text.startsWith('{')) return text.trim().split('\n').length <= 1;
  return (JSON.parse(text) as { items?: unknown[] }).items?.length === 0;
}

/** What belongs to a tenant and must not change by what another one sends. */
async function stateOf({ of, ids }: World): Promise<unknown> {
  const key = of.keys.admin;
  const read = async (path: string) => (await answer<object>(path, { key })).body;
  const keys = (await read('/api/keys')) as { items: { last_used_at: string | null }[] };
  const events = (await read(`/api/pipeline/events?pipeline_id=${ids.pipeline_id}`)) as {
    items: { actor: string }[];
  };
  return [
    // The pipeline goes on by itself; what people asked of it is what may not change.
    events.items.filter((e) => !e.actor.startsWith('system:')),
    await read('/api/people'),
    await read('/api/projects'),
    await read('/api/plans'),
    await read('/api/memory'),
    keys.items.map(({ last_used_at: _, ...k }) => k),
  ];
}

describe('the table of rights over the real app', () => {
  it('TEN-4: the document and the table name the same endpoints', () => {
    expect(operations.map((o) => o.name).sort()).toEqual(Object.keys(ACCESS).sort());
  });

  it('TEN-4: without a key, or with one that is none, every endpoint that is not open is a 401', async () => {
    const wrong: unknown[] = [];
    for (const operation of operations)
      for (const key of [undefined, 'ags_acme_k00000000_aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'nonsense']) {
        const { status } = await send(operation, acme.ids, key);
        const open = accessOf(operation) === 'open';
        if (!open && status !== 401) wrong.push([operation.name, key, status]);
        if (open && !OWN_CREDENTIAL.has(operation.name) && status !== 200)
          wrong.push([operation.name, key, status]);
      }
    expect(wrong).toEqual([]);
  });

  it('TEN-4: the platform admin’s key opens the platform’s endpoints and no tenant’s', async () => {
    const wrong: unknown[] = [];
    for (const operation of operations) {
      const access = accessOf(operation);
      if (access === 'open') continue;
      const { status, code } = await send(operation, acme.ids, PLATFORM_KEY);
      const refused = status === 403 || status === 401;
      const opens = access === 'platform' || access.includes('platform');
      if (refused === opens) wrong.push([operation.name, status, code]);
    }
    expect(wrong).toEqual([]);
  });

  describe.each(ACCESS_ROLES)('%s', (role: AccessRole) => {
    const allowed = (operation: Operation): boolean => {
      const access = accessOf(operation);
      return Array.isArray(access) && access.includes(role);
    };

    it('TEN-4: in its own tenant it is refused exactly where the table says no', async () => {
      const wrong: unknown[] = [];
      const world = await makeWorld(`own-${role}`);
      for (const operation of operations) {
        if (accessOf(operation) === 'open' || OWN_CREDENTIAL.has(operation.name)) continue;
        const { status, code } = await send(operation, world.ids, world.of.keys[role]);
        const refused = status === 401 || (status === 403 && code === 'forbidden');
        if (refused === allowed(operation)) wrong.push([operation.name, status, code]);
        if (status === 422) wrong.push([operation.name, 'the request does not fit: nothing was proven']);
      }
      expect(wrong).toEqual([]);
    });

    it('TEN-1 TEN-4: each id of another tenant is a 404, or an empty list, and nothing of that tenant shows', async () => {
      const wrong: unknown[] = [];
      for (const operation of operations) {
        if (!allowed(operation) || OWN_CREDENTIAL.has(operation.name)) continue;
        const sampler = new Sampler(document, TEXTS);
        for (const id of idsOf(operation, sampler, acme.ids)) {
          const ids = { ...globex.ids, [id]: acme.ids[id] };
          const { status, text } = await send(operation, ids, globex.of.keys[role], [id]);
          if (status !== 404 && !isEmpty(status, text))
            wrong.push([operation.name, id, status, text.slice(0, 200)]);
          if (text.includes(`${MARK} acme`) || text.includes(`${MARK}-acme`))
            wrong.push([operation.name, id, 'shows what is not its own']);
        }
      }
      expect(wrong).toEqual([]);
    });

    it('TEN-1: what it reads without naming an id has nothing of another tenant in it', async () => {
      const foreign = Object.values(acme.ids).filter((id) => id !== 'acme');
      const wrong: unknown[] = [];
      for (const operation of operations) {
        if (!allowed(operation) || operation.method !== 'GET') continue;
        const { text } = await send(operation, globex.ids, globex.of.keys[role]);
        if (text.includes(`${MARK}-acme`) || foreign.some((id) => text.includes(String(id))))
          wrong.push(operation.name);
      }
      expect(wrong).toEqual([]);
    });
  });

  it('TEN-1: nothing that another tenant sends, whatever its role, changes a tenant', async () => {
    const before = await stateOf(acme);
    for (const operation of operations)
      for (const key of [globex.of.keys.admin, globex.of.keys.operator])
        await send(operation, acme.ids, key, Object.keys(acme.ids));
    expect(await stateOf(acme)).toEqual(before);
  });

  it('TEN-2 TEN-4: a key for some projects reaches nothing of the others, nor the whole tenant', async () => {
    const scoped = await acme.of.newKey({ role: 'admin', project_ids: [String(acme.ids.project_id)] });
    const { project_id: _, ...elsewhere } = acme.ids;
    const wrong: unknown[] = [];
    for (const operation of operations) {
      const access = accessOf(operation);
      if (!Array.isArray(access) || !access.includes('admin') || OWN_CREDENTIAL.has(operation.name)) continue;
      const sampler = new Sampler(document, TEXTS);
      // The pipeline and what is in it belong to the tenant's first project, which is not the key's.
      const named = idsOf(operation, sampler, elsewhere).filter((id) => id === 'pipeline_id');
      if (named.length === 0) continue;
      const { status, text } = await send(operation, acme.ids, scoped.secret, named);
      if (status !== 404 && !isEmpty(status, text)) wrong.push([operation.name, status, text.slice(0, 200)]);
    }
    expect(wrong).toEqual([]);
  });
});
