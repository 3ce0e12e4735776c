import { watchPipeline, watchTenant } from './stream.ts';
import { type ClientOptions, createTransport } from './transport.ts';
import type * as wire from './types.ts';

export * from './errors.ts';
export type {
  PipelineStreamOptions,
  StreamHandlers,
  StreamStatus,
  Subscription,
  TenantStreamOptions,
} from './stream.ts';
export type { ClientOptions } from './transport.ts';
export type * from './types.ts';

/** The largest page that `GET /api/pipeline/events` gives. */
const EVENTS_PER_PAGE = 1_000;
const quotasOf = (tenant?: string): string =>
  tenant === undefined ? '/api/quotas' : `/api/tenants/${encodeURIComponent(tenant)}/quotas`;

const mcpServer = (name: string): string => `/api/mcp-servers/${encodeURIComponent(name)}`;
/** Milliseconds that a look at a fronted server may take: its run's login, and 25 s for the server. */
const LOOK_MS = 60_000;

/** Milliseconds that a download may take, body included. */
const DOWNLOAD_MS = 600_000;

/**
 * API-4: one method per endpoint. Throws `ApiError` for a refusal and `UnreachableError` when nobody answers.
 *
 * @example
 * const ags = createClient({ baseUrl: 'http://127.0.0.1:3000', key });
 * const pipeline = await ags.spawn({ plan: { source } });
 */
export function createClient(options: ClientOptions) {
  const transport = createTransport(options);
  const get = <T>(path: string, query?: object, signal?: AbortSignal) =>
    transport.json<T>('GET', path, { query: query as Record<string, string>, signal });
  const post = <T>(path: string, body: unknown = {}, headers?: Record<string, string>) =>
    transport.json<T>('POST', path, { body, headers });
  const idempotent = (key?: string): Record<string, string> => (key ? { 'Idempotency-Key': key } : {});

  /** Every event after `since`, page by page. */
  async function* allEvents(pipeline_id: string, since = 0): AsyncGenerator<wire.PipelineEvent> {
    let seen = since;
    for (;;) {
      const query = { pipeline_id, since: seen, limit: EVENTS_PER_PAGE };
      const { items, next_cursor } = await get<wire.Page<wire.PipelineEvent>>('/api/pipeline/events', query);
      yield* items;
      if (items.length === 0 || next_cursor === null) return;
      seen = items.at(-1)!.seq;
    }
  }

  return {
    /** Is the Worker itself up? Needs no key. */
    liveness: (signal?: AbortSignal) => get<{ status: string }>('/healthz', {}, signal),
    health: () => get<wire.HealthReport>('/api/health'),

    spawn: (request: wire.SpawnRequest, idempotencyKey?: string) =>
      post<wire.Pipeline>('/api/spawn', request, idempotent(idempotencyKey)),
    pipeline: (pipeline_id: string) => get<wire.Pipeline>('/api/pipeline', { pipeline_id }),
    activePipelines: (query: wire.ActivePipelinesQuery = {}) =>
      get<wire.Page<wire.Pipeline>>('/api/active-pipelines', query),
    pipelines: (query: wire.PipelinesQuery = {}) => get<wire.Page<wire.Pipeline>>('/api/pipelines', query),
    /** `at`: the state as it was after that event (PIPE-7). */
    orchestration: (pipeline_id: string, at?: number, signal?: AbortSignal) =>
      get<wire.Orchestration>('/api/pipeline/orchestration', { pipeline_id, at }, signal),
    events: (query: wire.EventsQuery) => get<wire.Page<wire.PipelineEvent>>('/api/pipeline/events', query),
    allEvents,
    tokenStatus: (pipeline_id: string) => get<wire.TokenStatusView>('/api/pipeline/token', { pipeline_id }),
    consensus: (pipeline_id: string) =>
      get<wire.ConsensusView>('/api/pipeline/consensus/status', { pipeline_id }),
    continuePipeline: (pipeline_id: string, reason?: string) =>
      post<wire.Pipeline>('/api/pipeline/continue', { pipeline_id, reason }),
    cancel: (pipeline_id: string, reason: string) =>
      post<wire.Pipeline>('/api/pipeline/cancel', { pipeline_id, reason }),
    /** PIPE-10: steps in flight finish, then everything holds until `resume`. */
    pause: (pipeline_id: string, reason: string) =>
      post<wire.Pipeline>('/api/pipeline/pause', { pipeline_id, reason }),
    resume: (pipeline_id: string, reason: string) =>
      post<wire.Pipeline>('/api/pipeline/resume', { pipeline_id, reason }),
    /** REC-2: ends the run early; what it has is sealed in a handoff and its successor goes on. */
    abort: (pipeline_id: string, reason: string) =>
      post<wire.Pipeline>('/api/pipeline/abort', { pipeline_id, reason }),
    /** PIPE-7: a new pipeline from the state after the event `at`. */
    fork: (request: wire.ForkRequest, idempotencyKey?: string) =>
      post<wire.Pipeline>('/api/pipeline/fork', request, idempotent(idempotencyKey)),
    /** REC-4. */
    lineage: (pipeline_id: string, signal?: AbortSignal) =>
      get<wire.Lineage>('/api/pipeline/lineage', { pipeline_id }, signal),
    revoke: (request: wire.RevokeRequest) => post<wire.RevokeResult>('/api/pipeline/revoke', request),
    /** REC-1: `download_log` has a method of its own, {@link Client.downloadLog}. */
    fallback: (request: wire.FallbackRequest) =>
      post<wire.FallbackResult>('/api/pipeline/consensus/fallback', request),
    /** REC-1: the whole context as one JSON file; the answer's body is unread, so that it can be streamed to disk. */
    downloadLog: (pipeline_id: string, reason: string) =>
      transport.raw('POST', '/api/pipeline/consensus/fallback', {
        body: { pipeline_id, action: 'download_log', reason },
        timeoutMs: DOWNLOAD_MS,
      }),
    /** ENF-6: stops now; `in_flight` was let through before, `unacknowledged` has not answered yet. */
    throwKillSwitch: (request: wire.KillRequest) => post<wire.KillResult>('/api/kill-switches', request),
    killSwitches: () => get<wire.Page<wire.KillSwitch>>('/api/kill-switches'),
    /** TEN-5: takes a person's key or session. */
    liftKillSwitch: (kill_id: string, reason: string) =>
      post<wire.KillSwitch>(`/api/kill-switches/${encodeURIComponent(kill_id)}/lift`, { reason }),
    /** PROM-1: agents by template, prompt, tools and model, with the tier that each has earned. */
    agentIdentities: () => get<wire.Page<wire.AgentIdentity>>('/api/agent-identities'),
    agentIdentity: (identity_id: string) =>
      get<wire.AgentIdentityStory>(`/api/agent-identities/${encodeURIComponent(identity_id)}`),
    /** TEN-5: takes a person's key, as `grantTier` does. */
    promoteAgent: (identity_id: string, reason: string) =>
      post<wire.AgentIdentity>(`/api/agent-identities/${encodeURIComponent(identity_id)}/promote`, {
        reason,
      }),
    demoteAgent: (identity_id: string, request: wire.DemoteRequest) =>
      post<wire.AgentIdentity>(`/api/agent-identities/${encodeURIComponent(identity_id)}/demote`, request),
    grantTier: (identity_id: string, request: wire.GrantRequest) =>
      post<wire.AgentIdentity>(`/api/agent-identities/${encodeURIComponent(identity_id)}/grant`, request),
    /** GOV-9: MCP servers of the tenant's own, behind the gate. */
    mcpServers: () => get<wire.Page<wire.McpServer>>('/api/mcp-servers'),
    addMcpServer: (request: wire.AddMcpServerRequest) => post<wire.McpServer>('/api/mcp-servers', request),
    removeMcpServer: (name: string) => transport.json<void>('DELETE', mcpServer(name)),
    /** Asks the server now which tools it has; takes some seconds. */
    lookAtMcpServer: (name: string) =>
      transport.json<wire.McpServer>('POST', `${mcpServer(name)}/look`, { body: {}, timeoutMs: LOOK_MS }),
    /** TEN-5: takes a person's key or session. */
    pinMcpTool: (name: string, request: wire.PinMcpToolRequest) =>
      post<wire.McpServer>(`${mcpServer(name)}/pins`, request),
    refuseMcpTool: (name: string, request: wire.RefuseMcpToolRequest) =>
      post<wire.McpServer>(`${mcpServer(name)}/refusals`, request),
    /** LEDG-3: the package of an ended pipeline; the answer's body is unread, so that it can be streamed to disk. */
    evidence: (pipeline_id: string) =>
      transport.raw('GET', '/api/pipeline/evidence', { query: { pipeline_id }, timeoutMs: DOWNLOAD_MS }),
    /** LEDG-2: takes a person's key. */
    erase: (request: wire.EraseRequest) => post<wire.Erasure>('/api/pipeline/erase', request),
    erasures: (query: { limit?: number; cursor?: string } = {}) =>
      get<wire.Page<wire.Erasure>>('/api/erasures', query),
    /** LEDG-5. */
    archives: (query: { limit?: number; cursor?: string } = {}) =>
      get<wire.Page<wire.Archive>>('/api/archives', query),
    /** The archived evidence package; the answer's body is unread, as of {@link evidence}. */
    archivedEvidence: (pipeline_id: string) =>
      transport.raw('GET', `/api/archives/${encodeURIComponent(pipeline_id)}`, { timeoutMs: DOWNLOAD_MS }),
    archivedDocuments: (pipeline_id: string) =>
      transport.raw('GET', `/api/archives/${encodeURIComponent(pipeline_id)}/documents`, {
        timeoutMs: DOWNLOAD_MS,
      }),
    /** LEDG-2. Needs no key. */
    ledgerKeys: (tenant: string) => get<wire.LedgerKeys>('/api/ledger/keys', { tenant }),
    treeHead: () => get<wire.TreeHead>('/api/ledger/head'),
    treeHeads: (limit?: number) => get<wire.Page<wire.TreeHead>>('/api/ledger/heads', { limit }),
    inclusionProof: (pipeline_id: string, seq: number, size?: number) =>
      get<wire.InclusionProof>('/api/ledger/inclusion', { pipeline_id, seq, size }),
    consistencyProof: (from: number, to: number) =>
      get<wire.ConsistencyProof>('/api/ledger/consistency', { from, to }),
    logLeaves: (query: { start?: number; limit?: number } = {}) =>
      get<wire.Page<wire.LogLeaf>>('/api/ledger/leaves', query),
    witnesses: () => get<wire.Page<wire.Witness>>('/api/ledger/witnesses'),
    addWitness: (witness: wire.NewWitness) => post<wire.Witness>('/api/ledger/witnesses', witness),
    /** A witness's line for the tree head of `size`. */
    cosign: (size: number, cosignature: string) =>
      post<wire.TreeHead>('/api/ledger/cosignatures', { size, cosignature }),
    /** ENF-7: from the ledger, which lags by seconds. */
    violations: (query: wire.ViolationsQuery = {}) =>
      get<wire.Page<wire.LedgerViolation>>('/api/violations', query),
    /** ENF-1: what diagnoses of stopped runs filed. */
    bugs: (query: { limit?: number; cursor?: string } = {}) =>
      get<wire.Page<wire.LedgerBug>>('/api/bugs', query),
    approvals: (query: wire.ApprovalsQuery = {}) =>
      get<wire.Page<wire.ApprovalView>>('/api/approvals', query),
    /** GOV-5: `action_sha256` is the hash of what was read; when it has changed since, the decision is refused. */
    decideApproval: (approval_id: string, decision: wire.ApprovalDecisionRequest) =>
      post<wire.Pipeline>(`/api/approvals/${encodeURIComponent(approval_id)}/decision`, decision),
    /** REC-6: what became of an action whose outcome is unknown. */
    resolveAction: (action_id: string, outcome: wire.OutcomeRequest) =>
      post<wire.Pipeline>(`/api/actions/${encodeURIComponent(action_id)}/outcome`, outcome),
    /** OBS-4: errors of pipelines, grouped. */
    errors: (query: wire.ErrorsQuery = {}) =>
      get<wire.Page<wire.ErrorGroup>>('/api/observability/errors', query),
    /** GOV-7: an agent that runs elsewhere; the answer holds its session token, this once. */
    registerAgent: (request: wire.RegisterAgentRequest) => post<wire.RegisteredAgent>('/api/agents', request),
    /** GOV-7: what became of an outside agent's action. */
    action: (action_id: string) => get<wire.AskedAction>(`/api/actions/${encodeURIComponent(action_id)}`),
    /** GOV-7: an external pipeline's caller is done with it. */
    endPipeline: (pipeline_id: string, reason: string) =>
      post<wire.Pipeline>('/api/pipeline/end', { pipeline_id, reason }),
    /** OBS-4: what somebody needs who takes over from a pipeline. */
    handoff: (pipeline_id: string) => post<wire.HandoffReport>('/api/observability/handoff', { pipeline_id }),
    log: (request: wire.LogRequest) =>
      post<{ log_id: string; seq: number; at: string }>('/api/pipeline/log', request),
    /** Puts a step that the queue gave up on back to work (PIPE-8). */
    redrive: (pipeline_id: string, step_id: string) =>
      post<wire.Pipeline>('/api/pipeline/redrive', { pipeline_id, step_id }),
    watchPipeline: watchPipeline.bind(null, transport),
    watchTenant: watchTenant.bind(null, transport),

    /** LEDG-4: events of all pipelines and of the tenant's own log, the newest first. */
    ledger: (query: wire.LedgerQuery = {}, signal?: AbortSignal) =>
      get<wire.Page<wire.LedgerEntry>>('/api/ledger', query, signal),
    /** LEDG-4: CSV or JSON Lines, oldest first; the answer's body is unread, so that it can be streamed to disk. */
    exportLedger: (query: wire.LedgerExportQuery) =>
      transport.raw('GET', '/api/ledger/export', {
        query: query as Record<string, string>,
        timeoutMs: DOWNLOAD_MS,
      }),
    /** LEDG-1: whether the ledger still agrees with the objects that it copies. */
    ledgerStatus: () => get<wire.LedgerStatus>('/api/ledger/status'),
    /** LEDG-1: compares the next logs with their copies now. */
    reconcileLedger: () => post<wire.ReconcileResult>('/api/ledger/reconcile'),

    samples: () => get<wire.Page<wire.Sample>>('/api/samples'),
    plans: () => get<wire.Page<wire.PlanSummary>>('/api/plans'),
    plan: (plan_id: string) => get<wire.StoredPlan>(`/api/plans/${encodeURIComponent(plan_id)}`),
    savePlan: (plan: wire.PlanSource) => post<wire.PlanSummary>('/api/plans', plan),
    checkPlan: (request: wire.PlanCheckRequest) => post<wire.PlanCheckResult>('/api/plans/check', request),

    /** GOV-4. */
    policies: () => get<wire.Page<wire.PolicyVersion>>('/api/policies'),
    policiesInForce: () => get<wire.PoliciesInForce>('/api/policies/current'),
    policyVersion: (version: number) => get<wire.PolicyVersionText>(`/api/policies/${version}`),
    checkPolicies: (cedar: string) => post<wire.PolicyCheckResult>('/api/policies/check', { cedar }),
    publishPolicies: (request: wire.PublishPolicyRequest) =>
      post<wire.PolicyVersion>('/api/policies', request),
    backtestPolicies: (request: wire.BacktestRequest) =>
      post<wire.BacktestResult>('/api/policies/backtest', request),
    /** GOV-10. */
    policyReport: (query: wire.PolicyReportQuery = {}) =>
      get<wire.PolicyReport>('/api/policies/report', query),
    setProjectMode: (project_id: string, request: wire.ProjectModeRequest) =>
      post<wire.ProjectMode>(`/api/projects/${encodeURIComponent(project_id)}/mode`, request),

    /** Needs no key. */
    signInMethods: () => get<wire.SignInMethods>('/api/auth/methods'),
    /** TEN-3: as the person whom Cloudflare Access let through, where the deployment is behind it. */
    signInThroughAccess: (tenant: string) => post<wire.Caller>('/api/auth/access', { tenant }),
    signIn: (request: wire.SessionRequest) => post<wire.Caller>('/api/auth/session', request),
    signOut: () => transport.json<void>('DELETE', '/api/auth/session'),
    whoami: () => get<wire.Caller>('/api/auth/whoami'),
    /** TEN-3: a link that signs one browser in, once, within `ttl_s` seconds. */
    createSignInLink: (ttl_s?: number) => post<wire.SignInLink>('/api/auth/links', { ttl_s }),
    createTicket: () => post<wire.Ticket>('/api/tickets'),

    /** TEN-3: exchanges the platform admin's key for a session of its own. */
    signInToPlatform: (key: string) => post<wire.PlatformSession>('/api/auth/platform', { key }),
    platformSession: () => get<wire.PlatformSession>('/api/auth/platform'),
    signOutOfPlatform: () => transport.json<void>('DELETE', '/api/auth/platform'),
    /** Needs the platform admin's key or session, as all that is about tenants does. */
    createTenant: (request: wire.CreateTenantRequest) => post<wire.CreatedTenant>('/api/tenants', request),
    /** Needs the platform admin's key: an admin's key of one hour, for a tenant's first people and keys. */
    bootstrapKey: (tenant: string) =>
      post<wire.BootstrapKey>(`/api/tenants/${encodeURIComponent(tenant)}/bootstrap-key`),
    tenants: () => get<wire.Page<wire.Tenant>>('/api/tenants'),
    /** ENF-5: an admin of the tenant who is a person. */
    liftErrorBudget: (reason: string) =>
      transport.json<wire.QuotaReport>('POST', '/api/error-budget/lift', { body: { reason } }),
    /** TEN-1; of another tenant with the platform admin's key. */
    quotas: (tenant?: string) => get<wire.QuotaReport>(quotasOf(tenant)),
    setQuotas: (change: wire.SetQuotasRequest, tenant?: string) =>
      transport.json<wire.QuotaReport>('PUT', quotasOf(tenant), { body: change }),
    people: () => get<wire.Page<wire.Subject>>('/api/people'),
    createPerson: (request: wire.CreateSubjectRequest) => post<wire.Subject>('/api/people', request),
    projects: () => get<wire.Page<wire.Project>>('/api/projects'),
    createProject: (name: string) => post<wire.Project>('/api/projects', { name }),
    keys: () => get<wire.Page<wire.Key>>('/api/keys'),
    createKey: (request: wire.CreateKeyRequest) => post<wire.CreatedKey>('/api/keys', request),
    rotateKey: (key_id: string, overlap_s: number) =>
      post<wire.CreatedKey>(`/api/keys/${encodeURIComponent(key_id)}/rotate`, { overlap_s }),
    revokeKey: (key_id: string) => transport.json<void>('DELETE', `/api/keys/${encodeURIComponent(key_id)}`),
  };
}

export type Client = ReturnType<typeof createClient>;
