import * as z from 'zod';
import { CreatedKey, CreateTenantRequest, Tenant, TenantSlug } from '#contract/access.ts';
import { page, Time } from '#contract/primitives.ts';
import { ok } from '#domain/result.ts';
import { controlStub, directoryStub } from '#objects/shared/stubs.ts';
import { type Asked, all, endpoint, json } from '../endpoint.ts';
import { made, partOf, REPLAYED, repeatOf } from '../idempotency.ts';
import { PLATFORM_ACTOR } from '../platform.ts';
import { problemOf } from '../problem.ts';
import { must } from '../scope.ts';

/** Long enough to make the first people and keys with. */
const BOOTSTRAP_S = 3_600;
const BootstrapKey = CreatedKey.extend({ expires_at: Time }).meta({ id: 'BootstrapKey' });

/** TEN-5: even the first key belongs to somebody: a service of its own, on record in the tenant's changes. */
async function bootstrapKey(asked: Asked, tenant: string) {
  const control = controlStub(asked.env.CONTROL, tenant);
  const repeat = repeatOf(asked);
  const subjects = await control.listSubjects();
  const known = subjects.find((s) => s.kind === 'service' && s.name === 'Bootstrap');
  const owner =
    known ?? must(await control.createSubject(PLATFORM_ACTOR, { name: 'Bootstrap', kind: 'service' })).value;
  const expires_at = new Date(Date.now() + BOOTSTRAP_S * 1_000).toISOString();
  const key = must(
    await control.createKey(
      PLATFORM_ACTOR,
      { name: 'bootstrap', owner: owner.subject_id, role: 'admin', expires_at },
      partOf(repeat, 'bootstrap'),
    ),
  );
  // Of a repeated request the key is the first one's, and so is its end.
  const first = key.replayed
    ? (await control.listKeys()).find(({ key_id }) => key_id === key.value.key_id)?.expires_at
    : null;
  return { value: { ...key.value, expires_at: first ?? expires_at }, replayed: key.replayed };
}

export const tenants = [
  endpoint('POST /api/tenants', {
    summary: 'Make a tenant; answers an admin key of one hour to set it up with',
    body: CreateTenantRequest,
    answers: {
      201: z.object({ tenant: TenantSlug, default_project_id: z.string(), bootstrap: BootstrapKey }),
    },
    problems: ['already_exists', 'idempotency_conflict'],
    async handle(asked) {
      const { tenant, name } = asked.body;
      // The directory first: a crash in between leaves an entry without a tenant, which the same request completes.
      await directoryStub(asked.env.DIRECTORY).add(tenant, name);
      const control = controlStub(asked.env.CONTROL, tenant);
      const created = must(await control.createTenant({ tenant, name }, repeatOf(asked)));
      const bootstrap = await bootstrapKey(asked, tenant);
      return json(201, { ...created.value, bootstrap: bootstrap.value }, created.replayed ? REPLAYED : {});
    },
  }),
  endpoint('GET /api/tenants', {
    summary: 'Tenants of this deployment',
    query: z.strictObject({}),
    answers: { 200: page(Tenant) },
    handle: async (asked) => json(200, all(await directoryStub(asked.env.DIRECTORY).list())),
  }),
  endpoint('POST /api/tenants/{tenant}/bootstrap-key', {
    summary: 'Another admin key of one hour, for a tenant that lost its own',
    body: z.strictObject({}),
    answers: { 201: BootstrapKey },
    problems: ['not_found', 'idempotency_conflict'],
    async handle(asked) {
      const tenant = TenantSlug.safeParse(asked.params.tenant);
      const known = await directoryStub(asked.env.DIRECTORY).list();
      if (!tenant.success || !known.some((t) => t.tenant === tenant.data))
        throw problemOf({ code: 'not_found', what: 'tenant of that name' });
      return made(ok(await bootstrapKey(asked, tenant.data)));
    },
  }),
];
