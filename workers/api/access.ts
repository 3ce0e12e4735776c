import { ACCESS_ROLES, type AccessRole } from '#domain/governance/access-role.ts';

/** `open`: needs no key. `platform`: the platform admin's key, or a session that it opened, only. Otherwise: which roles of a tenant, and perhaps the platform's key. */
export type Access = 'open' | 'platform' | readonly (AccessRole | 'platform')[];

const EVERYONE = ACCESS_ROLES;
const OPERATORS = ['operator', 'admin'] as const;
const ADMINS = ['admin'] as const;
/** No role of a tenant; see {@link FOR_AGENTS}. */
const NOBODY = [] as const;
const OVERSIGHT = ['admin', 'auditor'] as const;

/** TEN-4: every endpoint and who may use it, as data. The app registers nothing that is not here, and everything that is. */
export const ACCESS = {
  'GET /healthz': 'open',
  'GET /api/health': EVERYONE,
  'GET /api/openapi.json': 'open',
  'GET /api/docs': 'open',
  'GET /api/docs/errors': 'open',

  'GET /api/auth/methods': 'open',
  'POST /api/auth/session': 'open',
  'POST /api/auth/access': 'open',
  'DELETE /api/auth/session': EVERYONE,
  'GET /api/auth/whoami': EVERYONE,
  'POST /api/auth/links': EVERYONE,
  'POST /api/tickets': EVERYONE,
  'POST /api/auth/platform': 'open',
  'GET /api/auth/platform': 'platform',
  'DELETE /api/auth/platform': 'platform',

  'POST /api/tenants': 'platform',
  'GET /api/tenants': 'platform',
  'POST /api/tenants/{tenant}/bootstrap-key': 'platform',
  'GET /api/tenants/{tenant}/quotas': 'platform',
  'PUT /api/tenants/{tenant}/quotas': 'platform',
  'GET /api/quotas': EVERYONE,
  'PUT /api/quotas': ADMINS,
  'POST /api/error-budget/lift': ADMINS,
  'POST /api/people': ADMINS,
  'GET /api/people': OVERSIGHT,
  'POST /api/keys': ADMINS,
  'GET /api/keys': OVERSIGHT,
  'POST /api/keys/{key_id}/rotate': ADMINS,
  'DELETE /api/keys/{key_id}': ADMINS,
  'POST /api/projects': ADMINS,
  'GET /api/projects': EVERYONE,

  'POST /api/plans': OPERATORS,
  'GET /api/plans': EVERYONE,
  'GET /api/plans/schema.json': 'open',
  'GET /api/plans/{plan_id}': EVERYONE,
  'POST /api/plans/check': EVERYONE,
  'GET /api/samples': EVERYONE,

  'GET /api/policies': EVERYONE,
  'GET /api/policies/current': EVERYONE,
  'GET /api/policies/report': EVERYONE,
  'GET /api/policies/{version}': EVERYONE,
  'POST /api/policies': ADMINS,
  'POST /api/policies/check': EVERYONE,
  'POST /api/policies/backtest': EVERYONE,
  'POST /api/projects/{project_id}/mode': ADMINS,

  'POST /api/spawn': OPERATORS,
  'GET /api/active-pipelines': EVERYONE,
  'GET /api/pipelines': EVERYONE,
  'GET /api/stream': EVERYONE,
  'GET /api/pipeline': EVERYONE,
  'GET /api/pipeline/orchestration': EVERYONE,
  'GET /api/pipeline/events': EVERYONE,
  'GET /api/pipeline/stream': EVERYONE,
  'GET /api/pipeline/token': EVERYONE,
  'GET /api/pipeline/consensus/status': EVERYONE,
  'POST /api/pipeline/consensus/fallback': OPERATORS,
  'POST /api/pipeline/continue': OPERATORS,
  'POST /api/pipeline/cancel': OPERATORS,
  'POST /api/pipeline/pause': OPERATORS,
  'POST /api/pipeline/resume': OPERATORS,
  'POST /api/pipeline/abort': OPERATORS,
  'POST /api/pipeline/fork': OPERATORS,
  'GET /api/pipeline/lineage': EVERYONE,
  'GET /api/approvals': EVERYONE,
  'POST /api/approvals/{approval_id}/decision': OPERATORS,
  'POST /mcp': NOBODY,
  'GET /api/agent-identities': EVERYONE,
  'GET /api/agent-identities/{identity_id}': EVERYONE,
  'POST /api/agent-identities/{identity_id}/promote': ADMINS,
  'POST /api/agent-identities/{identity_id}/demote': ADMINS,
  'POST /api/agent-identities/{identity_id}/grant': ADMINS,
  'POST /api/mcp-servers': ADMINS,
  'GET /api/mcp-servers': EVERYONE,
  'DELETE /api/mcp-servers/{name}': ADMINS,
  'POST /api/mcp-servers/{name}/look': ADMINS,
  'POST /api/mcp-servers/{name}/pins': ADMINS,
  'POST /api/mcp-servers/{name}/refusals': ADMINS,
  'POST /api/agents': OPERATORS,
  'POST /api/actions': NOBODY,
  'GET /api/actions/{action_id}': EVERYONE,
  'POST /api/actions/{action_id}/outcome': OPERATORS,
  'POST /api/pipeline/end': OPERATORS,
  'POST /api/pipeline/revoke': OPERATORS,
  'POST /api/pipeline/log': OPERATORS,
  'POST /api/pipeline/redrive': OPERATORS,

  'POST /api/kill-switches': [...OPERATORS, 'platform'],
  'GET /api/kill-switches': [...EVERYONE, 'platform'],
  'POST /api/kill-switches/{kill_id}/lift': [...OPERATORS, 'platform'],
  'GET /api/pipeline/evidence': EVERYONE,
  'GET /api/archives': EVERYONE,
  'GET /api/archives/{pipeline_id}': EVERYONE,
  'GET /api/archives/{pipeline_id}/documents': EVERYONE,
  'POST /api/pipeline/erase': ADMINS,
  'GET /api/erasures': OVERSIGHT,
  'GET /api/ledger/keys': 'open',
  'GET /api/ledger/head': EVERYONE,
  'GET /api/ledger/heads': EVERYONE,
  'GET /api/ledger/inclusion': EVERYONE,
  'GET /api/ledger/consistency': EVERYONE,
  'GET /api/ledger/leaves': EVERYONE,
  'GET /api/ledger/witnesses': EVERYONE,
  'POST /api/ledger/witnesses': ADMINS,
  'POST /api/ledger/cosignatures': OVERSIGHT,

  'GET /api/violations': EVERYONE,
  'GET /api/bugs': EVERYONE,

  'GET /api/observability/errors': EVERYONE,
  'POST /api/observability/handoff': EVERYONE,

  'GET /api/ledger': EVERYONE,
  'GET /api/ledger/export': EVERYONE,
  'GET /api/ledger/status': EVERYONE,
  'POST /api/ledger/reconcile': OVERSIGHT,

  'POST /api/memory': OPERATORS,
  'GET /api/memory': EVERYONE,
  'GET /api/memory/{memory_id}': EVERYONE,
} as const satisfies Record<string, Access>;

export type EndpointName = keyof typeof ACCESS;

/** GOV-7: what an outside agent's session token opens, besides the roles that the table names. */
export const FOR_AGENTS: ReadonlySet<EndpointName> = new Set<EndpointName>([
  'POST /mcp',
  'POST /api/actions',
  'GET /api/actions/{action_id}',
  'POST /api/actions/{action_id}/outcome',
  'POST /api/pipeline/end',
]);

/** ENF-6: what the session of an agent that was stopped still opens: it may say how its last act ended, as evidence. */
export const AFTER_THE_END: ReadonlySet<EndpointName> = new Set<EndpointName>([
  'POST /api/actions/{action_id}/outcome',
]);

/** What concerns the whole tenant: a key for some projects, whatever its role, could otherwise give itself the others. */
export const TENANT_WIDE: ReadonlySet<EndpointName> = new Set<EndpointName>([
  'POST /api/people',
  'GET /api/people',
  'POST /api/keys',
  'GET /api/keys',
  'POST /api/keys/{key_id}/rotate',
  'DELETE /api/keys/{key_id}',
  'POST /api/mcp-servers',
  'GET /api/mcp-servers',
  'DELETE /api/mcp-servers/{name}',
  'POST /api/mcp-servers/{name}/look',
  'POST /api/mcp-servers/{name}/pins',
  'POST /api/mcp-servers/{name}/refusals',
  'POST /api/projects',
  'GET /api/agent-identities/{identity_id}',
  'POST /api/agent-identities/{identity_id}/promote',
  'POST /api/agent-identities/{identity_id}/demote',
  'POST /api/agent-identities/{identity_id}/grant',
  'GET /api/ledger/status',
  'POST /api/ledger/reconcile',
  'GET /api/erasures',
  'GET /api/ledger/leaves',
  'POST /api/ledger/witnesses',
  'POST /api/ledger/cosignatures',
  'POST /api/policies',
  'PUT /api/quotas',
  'POST /api/error-budget/lift',
]);
