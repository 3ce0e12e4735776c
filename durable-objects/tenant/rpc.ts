import type { AccessRole, Caller } from '#contract/access.ts';
import type { BreakerView } from '#contract/breakers.ts';
import type {
  AddMcpServerRequest,
  McpServer,
  ObservedTool,
  PinMcpToolRequest,
  RefuseMcpToolRequest,
} from '#contract/mcp-servers.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import type { PolicyVersion, PolicyVersionText, ProjectMode } from '#contract/policies.ts';
import type { Quotas, SetQuotasRequest } from '#contract/quotas.ts';
import type { PlanSummary } from '#contract/requests.ts';

import type { StepTally } from '#domain/governance/error-budget.ts';
import type { GateMode, Grant, Kill } from '#domain/governance/permit.ts';
import type { AgentIdentity, IdentityRun } from '#domain/governance/promotion.ts';

import type { Tier } from '#domain/governance/tier.ts';
import type { ChainedEvent } from '#domain/ledger/chain.ts';
import type { TenantSlice } from '#domain/pipeline/command.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import type { Result } from '#domain/result.ts';
import type { ArchiveRecord, DueForArchive, NewArchive } from './archives.ts';
import type { Observation, Tried } from './breakers.ts';
import type { Slice } from './budget.ts';
import type { ErasureRecord, NewErasure } from './erasures.ts';
import type { ErrorBudget } from './error-budget.ts';
import type { IdentityRecord, IdentityStory, JointStanding } from './identities.ts';
import type { Pushed } from './push.ts';
import type { QuotaLayer } from './quotas.ts';
import type { Once, Repeat } from './repeats.ts';
import type { StoredBytes } from './storage.ts';

export type {
  ArchiveRecord,
  DueForArchive,
  ErasureRecord,
  IdentityRecord,
  IdentityStory,
  JointStanding,
  NewArchive,
  NewErasure,
  Observation,
  Once,
  Pushed,
  Repeat,
  Slice,
  Tried,
};

export type ControlError =
  | { code: 'not_found'; what: string }
  | { code: 'already_exists'; detail: string }
  | { code: 'version_exists'; detail: string }
  | { code: 'policy_changed'; detail: string }
  | { code: 'action_changed'; detail: string }
  | { code: 'unauthenticated'; detail: string }
  | { code: 'idempotency_conflict'; detail: string }
  | { code: 'quota_exceeded'; detail: string; retry_after_s: number }
  /** ENF-5: the tenant's. */
  | { code: 'error_budget_spent'; detail: string; retry_after_s: number }
  /** PROM-1: the rule for this change of tier is not met. */
  | { code: 'not_earned'; detail: string }
  /** ENF-6: a kill switch stands. */
  | { code: 'killed'; detail: string; kill_id: string };

/** A plan as stored: what its author wrote, and what it needs to be resolved again with other inputs. */
export interface StoredPlan {
  summary: PlanSummary;
  source: string;
  files: Record<string, string>;
}

/** PIPE-2. `slice`: what the pipeline has drawn of the tenant's month so far (PIPE-11). */
export interface Admitted {
  number: number;
  project_id: string;
  replayed: boolean;
  slice: Slice;
}

/**
 * One per tenant (class `ControlObject`, binding `CONTROL`, name `t/{tenant}/control`): tenant, projects, people, keys, sessions,
 * plans, admission and the list of live pipelines.
 */
export interface ControlRpc {
  createTenant(
    a: { tenant: string; name: string },
    repeat?: Repeat | null,
  ): Promise<Result<Once<{ tenant: string; default_project_id: string }>, ControlError>>;
  /** API-2: that this request is the first under its key, or the same again; for what is made elsewhere, under ids that derive from the key. */
  claim(repeat: Repeat): Promise<Result<Once<null>, ControlError>>;
  createSubject(
    actor: string,
    a: { name: string; kind: 'person' | 'service'; email?: string },
    repeat?: Repeat | null,
  ): Promise<
    Result<
      Once<{
        subject_id: string;
        name: string;
        kind: 'person' | 'service';
        email: string | null;
        created_at: string;
      }>,
      ControlError
    >
  >;
  listSubjects(): Promise<
    {
      subject_id: string;
      name: string;
      kind: 'person' | 'service';
      email: string | null;
      created_at: string;
    }[]
  >;
  createProject(
    actor: string,
    name: string,
    repeat?: Repeat | null,
  ): Promise<Result<Once<{ project_id: string; name: string; created_at: string }>, ControlError>>;
  listProjects(): Promise<{ project_id: string; name: string; created_at: string }[]>;

  createKey(
    actor: string,
    a: { name: string; owner: string; role: AccessRole; project_ids?: string[]; expires_at?: string },
    repeat?: Repeat | null,
  ): Promise<Result<Once<{ key_id: string; prefix: string; secret: string }>, ControlError>>;
  listKeys(): Promise<KeyRecord[]>;
  rotateKey(
    actor: string,
    key_id: string,
    overlap_s: number,
    repeat?: Repeat | null,
  ): Promise<Result<Once<{ key_id: string; prefix: string; secret: string }>, ControlError>>;
  revokeKey(actor: string, key_id: string): Promise<Result<void, ControlError>>;

  /** A full key secret, `ags_{tenant}_{key_id}_{secret}`; compares keyed hashes in constant time. */
  authenticateKey(secret: string): Promise<Result<Caller, ControlError>>;
  createSignInLink(caller: Caller, ttl_s: number): Promise<{ token: string; expires_at: string }>;
  /** Exchanges a key or a one-time link for a session; the returned value goes into the cookie. */
  openSession(
    a: { key: string } | { link_token: string } | { email: string },
  ): Promise<Result<{ cookie: string; caller: Caller; expires_at: string }, ControlError>>;
  authenticateSession(cookie: string): Promise<Result<Caller, ControlError>>;
  closeSession(cookie: string): Promise<void>;
  /** Single use, 30 s, bound to the caller (TEN-3). */
  createTicket(caller: Caller): Promise<{ ticket: string; expires_at: string }>;
  redeemTicket(ticket: string): Promise<Result<Caller, ControlError>>;

  savePlan(
    actor: string,
    plan: { resolved: ResolvedPlan; source: string; files: Record<string, string> },
  ): Promise<Result<PlanSummary & { replayed: boolean }, ControlError>>;
  readPlan(plan_id: string): Promise<Result<StoredPlan, ControlError>>;
  listPlans(): Promise<PlanSummary[]>;

  /** LEDG-1, LEDG-2: that the tenant's log takes the cosignatures of another witness. */
  noteWitness(actor: string, witness: { name: string; key: string }): Promise<void>;
  /** GOV-4: the next version of the tenant's own policies; `expected_version` null asks for no particular one. */
  publishPolicies(
    actor: string,
    a: { source: string; note: string; policies: number; expected_version: number | null },
    repeat?: Repeat | null,
  ): Promise<Result<Once<PolicyVersion>, ControlError>>;
  /** Newest first. */
  listPolicies(): Promise<PolicyVersion[]>;
  /** null: the newest. */
  readPolicies(version: number | null): Promise<Result<PolicyVersionText, ControlError>>;
  /** GOV-10. */
  setProjectMode(
    actor: string,
    a: { project_id: string; mode: GateMode; reason: string },
  ): Promise<Result<ProjectMode, ControlError>>;
  projectModes(): Promise<ProjectMode[]>;

  /** ENF-6: what the pipelines of a project may rely on, and for how long. `ttl_ms` 0 is no permit. */
  permit(project_id: string, tally?: StepTally & { pipeline_id: string }): Promise<Grant>;
  /** ENF-5: as it stands now. */
  errorBudget(): Promise<Result<ErrorBudget, ControlError>>;
  liftErrorBudget(actor: string, reason: string): Promise<Result<ErrorBudget, ControlError>>;
  /** OPS-1: what calls of dependencies showed. Answers which of the reported ones are not closed. */
  observeDependencies(seen: Observation[]): Promise<string[]>;
  /** May `by`, a step, call what has this name? Asked only while its breaker is not closed. */
  tryDependency(name: string, by: string): Promise<Tried>;
  /** `by` made no call of these after all. */
  releaseDependencies(names: string[], by: string): Promise<void>;
  /** The tenant's models, and what all tenants share. */
  breakers(): Promise<BreakerView[]>;
  /** ENF-6: stops a project or the tenant; commits first, then tells every live pipeline in scope. */
  throwSwitch(
    actor: string,
    a: { scope: 'project' | 'tenant'; id: string; reason: string },
  ): Promise<Result<Pushed, ControlError>>;
  /** A switch of one pipeline or agent, which the pipeline's own log holds, for the tenant's list. */
  noteSwitch(kill: Kill, project_id: string): Promise<void>;
  liftSwitch(actor: string, kill_id: string, reason: string): Promise<Result<KillRecord, ControlError>>;
  listSwitches(): Promise<KillRecord[]>;
  /** From the directory: the deployment's switch was thrown, or lifted (null). */
  systemSwitched(killed: Kill | null): Promise<Pick<Pushed, 'in_flight' | 'unacknowledged'>>;
  /** GOV-9: the tenant's own MCP servers, and what persons have pinned of them. */
  addMcpServer(
    actor: string,
    a: AddMcpServerRequest,
    repeat?: Repeat | null,
  ): Promise<Result<Once<McpServer>, ControlError>>;
  listMcpServers(): Promise<McpServer[]>;
  readMcpServer(name: string): Promise<Result<McpServer, ControlError>>;
  removeMcpServer(actor: string, name: string): Promise<Result<void, ControlError>>;
  observeMcpTools(name: string, tools: ObservedTool[]): Promise<void>;
  /** A look that failed; `error` is for people and holds no secret. */
  noteMcpLook(name: string, error: string): Promise<void>;
  pinMcpTool(actor: string, name: string, a: PinMcpToolRequest): Promise<Result<McpServer, ControlError>>;
  refuseMcpTool(
    actor: string,
    name: string,
    a: RefuseMcpToolRequest,
  ): Promise<Result<McpServer, ControlError>>;

  /** Admission (PIPE-2): quota and number in one transaction; the same id and request again answers as the first time (PIPE-9). */
  admit(a: {
    pipeline_id: string;
    project_id: string | null;
    request_sha256: string;
    /** PIPE-11: the run's own limits; 0 is none. A first slice of them is drawn of the tenant's month. */
    slice: Slice;
    /** ENF-1: it counts against a quota of its own. */
    diagnostic?: boolean;
  }): Promise<Result<Admitted, ControlError>>;
  /** PROM-3: how the agents of a run stand together; unseen ones are put on record. */
  standing(identities: AgentIdentity[]): Promise<JointStanding>;
  /** PROM-1: what an ended run says of its agents. Idempotent. */
  runEnded(runs: ({ identity_id: string } & IdentityRun)[]): Promise<void>;
  listIdentities(): Promise<IdentityRecord[]>;
  readIdentity(identity_id: string): Promise<Result<IdentityStory, ControlError>>;
  /** PROM-1, PROM-2, by hand. `grantTier` also lifts a suspension. */
  promoteAgent(
    actor: string,
    identity_id: string,
    reason: string,
  ): Promise<Result<IdentityRecord, ControlError>>;
  demoteAgent(
    actor: string,
    identity_id: string,
    a: { tier: Tier; suspend: boolean; reason: string },
  ): Promise<Result<IdentityRecord, ControlError>>;
  grantTier(
    actor: string,
    identity_id: string,
    a: { tier: Tier; reason: string },
  ): Promise<Result<IdentityRecord, ControlError>>;
  /** REC-3: the highest tier that an actor (`person:…`, `service:…`) may grant today by any of its keys; null: none. */
  authorityOf(actor: string): Promise<Tier | null>;
  /** The pipeline ended, or waits for a fallback (CONS-9): its quota slot is free, and of what it drew only what it used is charged. `bytes`: what its log and documents take. */
  release(pipeline_id: string, used: Slice, tally?: StepTally, bytes?: number): Promise<void>;
  /** It never started, and its slot is at least that old; the same spawn may then take the slot anew, under the same number. */
  abandon(pipeline_id: string, older_than_s: number): Promise<void>;
  /** REC-1: it works again. */
  occupy(pipeline_id: string): Promise<void>;
  /** PIPE-11: draws so much of the tenant's month that `need`, counted from the pipeline's beginning, fits. */
  draw(pipeline_id: string, need: Slice): Promise<TenantSlice>;
  /** TEN-1. `allowed` is the platform's bound; an object that still runs the version before does not tell it. */
  quotas(): Promise<Result<{ allowed?: Quotas; quotas: Quotas; usage: TenantUsage }, ControlError>>;
  setQuotas(
    actor: string,
    layer: QuotaLayer,
    change: SetQuotasRequest,
  ): Promise<Result<Quotas, ControlError>>;
  /** LEDG-1: the tenant's own chained log, after `since`. */
  changes(since: number, limit: number): Promise<ChainedEvent[]>;
  /** LEDG-1: every pipeline that was admitted, after `number`. */
  pipelinesAfter(number: number, limit: number): Promise<{ number: number; pipeline_id: string }[]>;
  /** LEDG-5: the next pipelines that are older than the tenant keeps them, and the moment that makes them so. */
  dueForArchive(limit: number): Promise<DueForArchive>;
  recordArchive(archive: NewArchive): Promise<ArchiveRecord>;
  archiveRemoved(pipeline_id: string): Promise<void>;
  archiveOf(pipeline_id: string): Promise<ArchiveRecord | null>;
  listArchives(a: {
    before: number | null;
    limit: number;
    project_ids: readonly string[] | null;
  }): Promise<ArchiveRecord[]>;
  /** LEDG-2: another file stands for the archive, with less content. Repeatable. */
  archiveRewritten(
    pipeline_id: string,
    file: Pick<NewArchive, 'object_key' | 'sha256' | 'bytes' | 'documents_key' | 'documents_sha256'>,
  ): Promise<ArchiveRecord>;
  /** LEDG-2: on record before anything is erased. */
  recordErasure(actor: string, erasure: NewErasure): Promise<ErasureRecord>;
  pendingErasures(limit: number): Promise<ErasureRecord[]>;
  erasureDone(erasure_id: string): Promise<ErasureRecord | null>;
  listErasures(a: { before: number | null; limit: number }): Promise<ErasureRecord[]>;
  /** Ids that have a slot. */
  livePipelines(): Promise<string[]>;
  /** For the cron (REC-6): those with a slot, and those that ended lately and may still have tokens to revoke. */
  pipelinesToPoke(): Promise<{ pipeline_id: string; has_slot: boolean }[]>;
}

export interface KillRecord extends Kill {
  /** Of what it stops; null when that is wider than a project. */
  project_id: string | null;
  lifted_at: string | null;
  lifted_by: string | null;
  lift_reason: string | null;
  /** Pipelines in its scope that are still live. */
  unacknowledged: string[];
}

export interface TenantUsage extends Slice, StoredBytes {
  month: string;
  live_pipelines: number;
  live_diagnostics: number;
  spawns_last_minute: number;
  pipelines: number;
  error_budget: ErrorBudget;
}

export interface KeyRecord {
  key_id: string;
  prefix: string;
  name: string;
  owner: string;
  role: AccessRole;
  project_ids: string[] | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

/** One per tenant (class `FeedObject`, binding `FEED`, name `t/{tenant}/feed`): the list that viewers watch. */
export interface FeedRpc {
  /** The newest state of a pipeline; older seqs than the known one are dropped. `rewritten`: in place of what is known of the same seq. */
  update(pipeline: Pipeline, rewritten?: boolean): Promise<void>;
  /** Live ones, newest first; keyset by number. `ended` adds those that ended lately. */
  list(a: {
    project_id?: string;
    /** The caller's scope; null or absent sees all projects. */
    project_ids?: string[] | null;
    state?: string;
    limit: number;
    cursor: string | null;
    ended: boolean;
  }): Promise<{ items: Pipeline[]; next_cursor: string | null }>;
}

/** One for the deployment (class `DirectoryObject`, binding `DIRECTORY`, name `directory`): which tenants exist, for cron and platform admins. */
export interface DirectoryRpc {
  add(tenant: string, name: string): Promise<boolean>;
  list(): Promise<{ tenant: string; name: string; created_at: string }[]>;
  /** TEN-3: a session of the platform admin's, by the keyed hash of its cookie; it ends at `expires_at` (ms since 1970). */
  openPlatformSession(hash: string, expires_at: number): Promise<void>;
  /** When it ends (ms since 1970); null: there is none. */
  platformSession(hash: string): Promise<number | null>;
  closePlatformSession(hash: string): Promise<void>;
  /** ENF-6: the switch for the whole deployment, as it stands. */
  systemSwitch(): Promise<{ killed: Kill | null; troubled?: string[] }>;
  /** OPS-1: the breakers around Vault and store, which all tenants share. Answers which of the reported ones are not closed. */
  observeShared(seen: Observation[]): Promise<string[]>;
  tryShared(name: string, by: string): Promise<Tried>;
  releaseShared(names: string[], by: string): Promise<void>;
  sharedBreakers(): Promise<BreakerView[]>;
  /** Stops everything in every tenant. */
  throwSystemSwitch(actor: string, reason: string): Promise<Pushed>;
  liftSystemSwitch(actor: string, kill_id: string, reason: string): Promise<Result<KillRecord, ControlError>>;
  systemSwitches(): Promise<KillRecord[]>;
}

export const controlObjectName = (tenant: string): string => `t/${tenant}/control`;
export const feedObjectName = (tenant: string): string => `t/${tenant}/feed`;
