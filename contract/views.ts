import { isSeat } from '#domain/agents/roles.ts';
import { ballotOf } from '#domain/consensus/ballot.ts';
import { conflicts, MIN_APPROVALS, tally } from '#domain/consensus/tally.ts';
import { type AgentState, liveToken, type PipelineState, type TokenState } from '#domain/pipeline/state.ts';
import {
  type ConsensusStatus,
  EXIT_CODES,
  FALLBACKS,
  type Fallback,
  type TokenStatus,
} from '#domain/pipeline/states.ts';
import type {
  ActionRecord,
  AgentCard,
  ConsensusView,
  Orchestration,
  Pipeline,
  TokenStatusView,
} from './pipeline.ts';

/** What the API shows of a pipeline, computed from its state alone; so the dashboard can compute it for any moment of the past. */

export class NotSpawnedError extends Error {}

const spawnedOf = (state: PipelineState) => {
  if (!state.spawned) throw new NotSpawnedError('a pipeline has no view before its first event');
  return state.spawned;
};

/** PIPE-1: null while live, 2 while a failed consensus waits for a person. */
const exitCode = (state: PipelineState): number | null =>
  state.outcome?.exit_code ?? (state.failure ? EXIT_CODES.consensus_failure : null);

const winningProposal = (state: PipelineState) =>
  state.proposals.find(
    (p) => p.proposal_id === state.verdict?.proposal_id && p.revision === state.verdict.revision,
  ) ?? null;

export function toPipeline(state: PipelineState): Pipeline {
  const spawned = spawnedOf(state);
  const answered = Object.values(state.agents).flatMap((a) =>
    a.answered_by ? [a.answered_by.provider] : [],
  );
  const chosen = Object.values(spawned.models).map((m) => m.provider);
  return {
    pipeline_id: spawned.pipeline_id,
    number: spawned.number,
    project_id: spawned.project_id,
    plan_id: spawned.plan_id,
    plan_name: spawned.plan_name,
    plan_version: spawned.plan_version,
    objective: spawned.objective,
    mode: spawned.mode,
    tier: spawned.tier,
    state: state.state,
    waiting_for: state.waiting_for,
    exit_code: exitCode(state),
    reason: state.outcome?.reason ?? (state.failure ? 'consensus_failed' : null),
    attempt: spawned.attempt,
    generation: state.generation,
    predecessor_id: spawned.predecessor_id,
    successor_id: null,
    seq: state.seq,
    round: state.round?.round ?? 0,
    complexity: state.report?.complexity ?? null,
    verdict: winningProposal(state)?.title ?? null,
    providers: [...new Set(answered.length > 0 ? answered : chosen)],
    usage: state.usage,
    limits: spawned.limits,
    sealed: state.sealed,
    created_by: state.created_by,
    created_at: state.created_at,
    updated_at: state.updated_at,
    ended_at: state.outcome?.at ?? null,
  };
}

/** CRED-5. `failed` is a pipeline that never got a token. */
function tokenStatus(state: PipelineState, agentId: string | null): TokenStatus {
  const revoking = state.gate_closed || (agentId !== null && state.agents[agentId]?.status === 'revoked');
  if (liveToken(state, agentId)) return revoking ? 'revoking' : 'active';
  const had = state.tokens.some((t) => t.agent_id === agentId);
  if (had) return 'revoked';
  return agentId === null && state.outcome?.reason === 'credentials_unavailable' ? 'failed' : 'none';
}

const lastToken = (state: PipelineState, agentId: string | null): TokenState | null =>
  state.tokens.findLast((t) => t.agent_id === agentId) ?? null;

function toAgentCard(state: PipelineState, agent: AgentState): AgentCard {
  const chosen = spawnedOf(state).models[agent.role];
  return {
    agent_id: agent.agent_id,
    role: agent.role,
    tier: agent.tier,
    phase: agent.phase,
    step: agent.doing,
    last_progress_at: agent.last_progress_at,
    tokens: agent.tokens,
    cost_microusd: agent.cost_microusd,
    errors: agent.errors,
    token_status: tokenStatus(state, agent.agent_id),
    model: agent.answered_by?.model ?? chosen.model,
    provider: agent.answered_by?.provider ?? chosen.provider,
    spawned_because: agent.reason,
    replaced_by: agent.replaced_by,
  };
}

function toActions(state: PipelineState): ActionRecord[] {
  return Object.values(state.actions).map(({ action_id, request, decision, outcome }) => ({
    action_id,
    agent_id: request.agent_id,
    seq: request.seq,
    at: request.at,
    tool: request.tool,
    arguments: request.arguments,
    target: request.target,
    action_sha256: request.action_sha256,
    status:
      outcome?.status ??
      (state.outcome || state.failure
        ? 'cancelled'
        : decision?.decision === 'allow'
          ? 'allowed'
          : 'requested'),
    decision: decision?.decision ?? null,
    determining: decision?.determining ?? [],
    policy_version: decision?.policy_version ?? null,
    reason: decision?.reason ?? null,
    remedy: decision?.remedy ?? null,
    result: outcome?.result ?? null,
    error: outcome?.error ?? null,
    origin: outcome?.origin ?? request.origin,
    // GOV-8: agents that run here hold no credential but ours.
    enforcement: 'enforced',
  }));
}

export function toOrchestration(state: PipelineState): Orchestration {
  const spawned = spawnedOf(state);
  const { verdict } = state;
  return {
    pipeline: toPipeline(state),
    round: state.round?.round ?? 0,
    agents: Object.values(state.agents).map((agent) => toAgentCard(state, agent)),
    blackboard: {
      problem: { objective: spawned.objective, documents: spawned.documents },
      report: state.report,
      findings: state.findings,
      proposals: state.proposals,
      votes: state.votes,
      messages: state.messages,
      progress: state.progress,
      consensus: verdict && {
        proposal_id: verdict.proposal_id,
        revision: verdict.revision,
        seq: verdict.seq,
        approvals: verdict.approvals,
        minority_report: verdict.minority_report,
      },
    },
    actions: toActions(state),
    violations: state.violations,
    log: state.log,
    gamma: {
      spawned: state.mediation !== null,
      reason: state.mediation?.trigger ?? null,
      detail: state.mediation?.detail ?? null,
    },
  };
}

export function toTokenStatus(state: PipelineState): TokenStatusView {
  const token = lastToken(state, null);
  return {
    pipeline_id: spawnedOf(state).pipeline_id,
    status: tokenStatus(state, null),
    issued_at: token?.issued_at ?? null,
    expires_at: token?.expires_at ?? null,
    renewals: state.renewals,
    policies: token?.policies ?? [],
    last_error: state.credential_error,
    revoked_at: state.outcome?.at ?? state.failure?.at ?? null,
    confirmed_at: token?.confirmed_at ?? null,
    agents: Object.values(state.agents).map(({ agent_id, role }) => ({
      agent_id,
      role,
      status: tokenStatus(state, agent_id),
      expires_at: lastToken(state, agent_id)?.expires_at ?? null,
      confirmed_at: lastToken(state, agent_id)?.confirmed_at ?? null,
    })),
  };
}

const consensusStatus = (state: PipelineState): ConsensusStatus =>
  state.verdict ? 'reached' : state.failure ? 'failed' : 'pending';

/** REC-1 comes with recovery; until then only the log can be taken, and each refusal says so. */
function fallbackOption(state: PipelineState, action: Fallback): ConsensusView['fallbacks'][number] {
  if (action === 'download_log') return { action, allowed: true, why_not: null };
  return {
    action,
    allowed: false,
    why_not: state.failure
      ? 'This version of the system cannot rerun or accept partial results yet; download the log and spawn a new pipeline.'
      : 'Consensus has not failed.',
  };
}

export function toConsensus(state: PipelineState): ConsensusView {
  const ballot = ballotOf(state);
  const { verdict } = state;
  const voters = new Set(state.votes.filter((v) => v.round === state.round?.round).map((v) => v.seat));
  return {
    pipeline_id: spawnedOf(state).pipeline_id,
    status: consensusStatus(state),
    round: state.round?.round ?? 0,
    exit_code: exitCode(state),
    quorum: {
      seats: [...ballot.electorate].filter(isSeat),
      needed: MIN_APPROVALS,
      voted: voters.size,
    },
    proposals: tally(ballot).map((t) => ({
      proposal_id: t.proposal_id,
      revision: t.revision,
      approve: t.approve.length,
      reject: t.reject.length,
      abstain: t.abstain.length,
      critical: t.critical.length,
      passes: t.passes,
    })),
    conflicts: conflicts(ballot),
    verdict: verdict && {
      proposal_id: verdict.proposal_id,
      revision: verdict.revision,
      seq: verdict.seq,
      minority_report: verdict.minority_report,
    },
    fallbacks: FALLBACKS.map((action) => fallbackOption(state, action)),
  };
}
