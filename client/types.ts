import type * as z from 'zod';
import type * as access from '#contract/access.ts';
import type * as agents from '#contract/agents.ts';
import type { BreakerView } from '#contract/breakers.ts';
import type * as enforcement from '#contract/enforcement.ts';
import type * as ledger from '#contract/ledger.ts';
import type * as pipeline from '#contract/pipeline.ts';
import type * as policies from '#contract/policies.ts';
import type * as requests from '#contract/requests.ts';
import type * as tree from '#contract/tree.ts';
import type { Fallback } from '#domain/pipeline/states.ts';

/** Types of the wire, inferred from the contract; nothing here exists at run time. */
export type { Caller, PlatformSession, SignInMethods, Tenant } from '#contract/access.ts';
export type { Archive } from '#contract/archives.ts';
export type { BreakerView } from '#contract/breakers.ts';
export type {
  InFlightAction,
  KillRequest,
  KillResult,
  KillSwitch,
  LedgerBug,
  LedgerViolation,
} from '#contract/enforcement.ts';
export type { EraseRequest, Erasure } from '#contract/erasures.ts';
export type { PipelineFrame, TenantFrame } from '#contract/frames.ts';
export type {
  AgentIdentityStory,
  AgentIdentityView as AgentIdentity,
  DemoteRequest,
  GrantRequest,
} from '#contract/identities.ts';
export type { LedgerEntry, LedgerStatus, ReconcileResult } from '#contract/ledger.ts';
export type {
  AddMcpServerRequest,
  McpServer,
  McpTool,
  PinMcpToolRequest,
  RefuseMcpToolRequest,
} from '#contract/mcp-servers.ts';
export type {
  ActionRecord,
  AgentCard,
  ApprovalView,
  ConsensusView,
  Finding,
  Lineage,
  Orchestration,
  Pipeline,
  Proposal,
  TokenStatusView,
  Vote,
} from '#contract/pipeline.ts';
export type {
  BacktestResult,
  PoliciesInForce,
  PolicyCheckResult,
  PolicyReport,
  PolicyVersion,
  PolicyVersionText,
  ProjectMode,
} from '#contract/policies.ts';
export type { Problem, ProblemCode } from '#contract/problem.ts';
export type { QuotaReport, SetQuotasRequest } from '#contract/quotas.ts';
export type { PlanCheckResult, PlanFinding, PlanSummary, SpawnRequest } from '#contract/requests.ts';
export type {
  ConsistencyProof,
  InclusionProof,
  LedgerKeys,
  LogLeaf,
  TreeHead,
  Witness,
} from '#contract/tree.ts';

export type ViolationsQuery = Partial<z.infer<typeof enforcement.ViolationsQuery>>;

type PlanSummary = requests.PlanSummary;
type Pipeline = pipeline.Pipeline;

export type PipelineEvent = z.infer<typeof pipeline.PipelineEventMessage>;
export type NewWitness = z.infer<typeof tree.NewWitness>;
export type PlanSource = z.infer<typeof requests.PlanSource>;
export type PlanCheckRequest = z.infer<typeof requests.PlanCheckRequest>;
export type PublishPolicyRequest = z.infer<typeof policies.PublishPolicyRequest>;
export type BacktestRequest = z.infer<typeof policies.BacktestRequest>;
export type PolicyReportQuery = Partial<z.infer<typeof policies.PolicyReportQuery>>;
export type ProjectModeRequest = z.infer<typeof policies.ProjectModeRequest>;
export type RevokeRequest = z.infer<typeof requests.RevokeRequest>;
export type RevokeResult = z.infer<typeof requests.RevokeResult>;
export type FallbackRequest = z.infer<typeof requests.FallbackRequest>;
export type ForkRequest = z.infer<typeof requests.ForkRequest>;
export type ApprovalDecisionRequest = z.infer<typeof requests.ApprovalDecisionRequest>;
export type ApprovalsQuery = z.infer<typeof requests.ApprovalsQuery>;
export type OutcomeRequest = z.infer<typeof agents.OutcomeRequest>;
export type RegisterAgentRequest = z.infer<typeof agents.RegisterAgentRequest>;
export type RegisteredAgent = z.infer<typeof agents.RegisteredAgent>;
export type AskedAction = z.infer<typeof agents.AskedAction>;
export type LedgerExportQuery = z.infer<typeof ledger.LedgerExportQuery>;
export type LedgerQuery = Partial<z.infer<typeof ledger.LedgerQuery>>;
export type LogRequest = z.infer<typeof requests.LogRequest>;
export type EventsQuery = z.input<typeof requests.EventsQuery>;
export type ActivePipelinesQuery = Partial<z.infer<typeof requests.ActivePipelinesQuery>>;
export type PipelinesQuery = Partial<z.infer<typeof requests.PipelinesQuery>>;
export type Subject = z.infer<typeof access.Subject>;
export type Project = z.infer<typeof access.Project>;
export type Key = z.infer<typeof access.Key>;
export type CreatedKey = z.infer<typeof access.CreatedKey>;
export type CreateKeyRequest = z.infer<typeof access.CreateKeyRequest>;
export type CreateSubjectRequest = z.infer<typeof access.CreateSubjectRequest>;
export type CreateTenantRequest = z.infer<typeof access.CreateTenantRequest>;
export type SessionRequest = z.infer<typeof access.SessionRequest>;
export type SignInLink = z.infer<typeof access.SignInLink>;
export type Ticket = z.infer<typeof access.Ticket>;

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** REC-1: `approval_id` when another person has to agree before it takes effect. */
export interface FallbackResult {
  pipeline: Pipeline;
  action: Fallback;
  approval_id?: string;
}

/** OBS-4: `sha256` is of the canonical JSON of `report`; `markdown` is the same for people. */
export interface HandoffReport {
  pipeline_id: string;
  at_seq: number;
  sealed: boolean;
  sha256: string;
  markdown: string;
  report: Record<string, unknown>;
}

export interface StoredPlan extends PlanSummary {
  source: string;
  files: Record<string, string>;
}

export interface BootstrapKey extends CreatedKey {
  expires_at: string;
}

export interface CreatedTenant {
  tenant: string;
  default_project_id: string;
  bootstrap: BootstrapKey;
}

/** A plan that comes with the deployment, ready to be spawned as `plan: {source, files}`. */
export interface Sample {
  name: string;
  title: string;
  description: string;
  source: string;
  files: Record<string, string>;
}

/** OBS-4: what went wrong in the same way, as one line. */
export interface ErrorGroup {
  fingerprint: string;
  code: string;
  message: string;
  source: string;
  count: number;
  rate_per_minute: number;
  first_seen: string;
  last_seen: string;
  pipeline_ids: string[];
  trace_id: string | null;
}

export interface ErrorsQuery {
  pipeline_id?: string;
  since?: string;
  until?: string;
  limit?: number;
  cursor?: string;
}

/** OPS-1: one dependency as the Worker last found it. */
export interface DependencyHealth {
  name: string;
  status: 'up' | 'degraded' | 'down' | 'unknown';
  latency_ms: number | null;
  detail: string | null;
  last_error: string | null;
}

export interface HealthReport {
  status: 'up' | 'degraded' | 'down';
  dependencies: DependencyHealth[];
  /** OPS-1: absent from a server of an older version. */
  breakers?: BreakerView[];
}
