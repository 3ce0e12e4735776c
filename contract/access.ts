import * as z from 'zod';
import { ACCESS_ROLES } from '#domain/governance/access-role.ts';
import { GivenTime, Time } from './primitives.ts';

export const AccessRole = z.enum(ACCESS_ROLES);
export type AccessRole = z.infer<typeof AccessRole>;

export const TenantSlug = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,38}[a-z0-9]$/)
  .describe('Tenant id');

/** Who is asking, as every handler gets it (TEN-5). */
export const Caller = z
  .object({
    tenant: TenantSlug,
    subject_id: z.string(),
    subject_kind: z.enum(['person', 'service']),
    name: z.string(),
    role: AccessRole,
    /** null: all projects. */
    project_ids: z.array(z.string()).nullable(),
    via: z.enum(['key', 'session']),
    credential_id: z.string(),
  })
  .meta({ id: 'Caller' });
export type Caller = z.infer<typeof Caller>;

/** A tenant as the platform knows it. */
export const Tenant = z
  .object({ tenant: TenantSlug, name: z.string(), created_at: Time })
  .meta({ id: 'Tenant' });
export type Tenant = z.infer<typeof Tenant>;

export const CreateTenantRequest = z.strictObject({
  tenant: TenantSlug,
  name: z.string().trim().min(1).max(120),
});
export const CreateSubjectRequest = z.strictObject({
  name: z.string().trim().min(1).max(120),
  kind: z.enum(['person', 'service']),
  email: z.email().max(200).optional(),
});
export const Subject = z
  .object({
    subject_id: z.string(),
    name: z.string(),
    kind: z.enum(['person', 'service']),
    email: z.string().nullable(),
    created_at: Time,
  })
  .meta({ id: 'Subject' });
export const CreateProjectRequest = z.strictObject({ name: z.string().trim().min(1).max(120) });
export const Project = z
  .object({ project_id: z.string(), name: z.string(), created_at: Time })
  .meta({ id: 'Project' });

/** `owner` is a subject_id. */
export const CreateKeyRequest = z.strictObject({
  name: z.string().trim().min(1).max(120),
  owner: z.string().max(80),
  role: AccessRole,
  project_ids: z.array(z.string().max(80)).max(100).optional(),
  expires_at: GivenTime.optional(),
});
export const CreatedKey = z
  .object({ key_id: z.string(), prefix: z.string(), secret: z.string() })
  .meta({ id: 'CreatedKey' });
export const Key = z
  .object({
    key_id: z.string(),
    prefix: z.string(),
    name: z.string(),
    owner: z.string(),
    role: AccessRole,
    project_ids: z.array(z.string()).nullable(),
    created_at: Time,
    expires_at: Time.nullable(),
    last_used_at: Time.nullable(),
    revoked_at: Time.nullable(),
  })
  .meta({ id: 'Key' });

/** TEN-3: a link can be used once, within its time; a session lives in an HttpOnly cookie. */
export const SignInLink = z
  .object({ url: z.string(), token: z.string(), expires_at: Time })
  .meta({ id: 'SignInLink' });
/** TEN-3: how a person may sign in here, besides by key and by link. */
export const SignInMethods = z
  .object({ access: z.boolean().describe('Through Cloudflare Access, which this deployment is behind') })
  .meta({ id: 'SignInMethods' });
export type SignInMethods = z.infer<typeof SignInMethods>;

export const SessionRequest = z.strictObject({
  key: z.string().max(300).optional(),
  link_token: z.string().max(300).optional(),
});
/** TEN-3: the platform admin's own. */
export const PlatformSession = z
  .object({ expires_at: Time.nullable().describe('null: the key itself asked, not a session') })
  .meta({ id: 'PlatformSession' });
export type PlatformSession = z.infer<typeof PlatformSession>;

export const Ticket = z.object({ ticket: z.string(), expires_at: Time }).meta({ id: 'Ticket' });
