import { isOurs, isSeat } from '#domain/agents/roles.ts';
import { ballotOf } from '#domain/consensus/ballot.ts';
import { conflicts, MIN_APPROVALS, tally } from '#domain/consensus/tally.ts';
import { atLeast } from '#domain/governance/severity.ts';
import { whyNot } from '#domain/pipeline/decide/fallback.ts';
import {
  type AgentState,
  type Approval,
  liveToken,
  type PipelineState,
  type TokenState,
} from '#domain/pipeline/state.ts';
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
  ApprovalView,
  ConsensusView,
  Incident,
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

/** By consensus, or by a person who accepted a partial result. */
const chosen = (state: PipelineState) => state.verdict ?? state.partial;

const winningProposal = (state: PipelineState) =>
  state.proposals.find(
    (p) => p.proposal_id === chosen(state)?.proposal_id && p.revision === chosen(state)?.revision,
  ) ?? null;

/** UI-5: the newest violation that a person should hear of at once, with the action that it was about. */
function toIncident(state: PipelineState): Incident | null {
  const violation = state.violations.findLast((v) => atLeast(v.severity, 'high'));
  if (!violation) return null;
  const { violation_id, seq, at, rule, severity, agent_id, consequence } = violation;
  const refused = Object.values(state.actions)
    .filter((a) => a.decision?.violation && a.outcome?.status === 'denied' && a.outcome.seq < seq)
    .findLast((a) => a.request.agent_id === agent_id && a.decision?.violation?.rule === rule);
  const agent = agent_id === null ? undefined : state.agents[agent_id];
  return {
    violation_id,
    seq,
    at,
    rule,
    severity,
    agent_id,
    role: agent?.role ?? null,
    ...(agent?.session && { agent_name: agent.session.name }),
    tool: refused?.request.tool ?? null,
    target: refused?.request.target || null,
    consequence,
  };
}

/** ENF-1, CRED-6, PIPE-11: in words, for whoever wonders why nothing happens. */
function waitingDetail(state: PipelineState): { waiting_detail?: string } {
  const { waiting_for, credentials, steps } = state;
  const successor = Object.values(steps).find(({ work }) => work.kind === 'spawn_successor');
  // REC-3: a full quota, for example.
  if (state.outcome && successor && successor.failures > 0) {
    const why = state.progress.findLast(({ agent_id }) => agent_id === null)?.note;
    return { waiting_detail: `Its successor waits: ${why ?? 'it could not be spawned yet'}` };
  }
  const held = Object.values(steps).find((step) => step.held)?.held;
  const found = waiting_for === 'credentials' ? credentials.wait : waiting_for === 'queue' ? held : null;
  return found ? { waiting_detail: `${found.message} (since ${found.since})` } : {};
}

export function toPipeline(state: PipelineState): Pipeline {
  const spawned = spawnedOf(state);
  const answered = Object.values(state.agents).flatMap((a) =>
    a.answered_by ? [a.answered_by.provider] : [],
  );
  const chosen = spawned.mode === 'external' ? [] : Object.values(spawned.models).map((m) => m.provider);
  const incident = toIncident(state);
  return {
    pipeline_id: spawned.pipeline_id,
    number: spawned.number,
    project_id: spawned.project_id,
    plan_id: spawned.plan_id,
    plan_name: spawned.plan_name,
    plan_version: spawned.plan_version,
    objective: spawned.objective,
    mode: spawned.mode,
    tier: state.tier,
    state: state.state,
    waiting_for: state.waiting_for,
    ...waitingDetail(state),
    exit_code: exitCode(state),
    reason: state.outcome?.reason ?? (state.failure ? 'consensus_failed' : null),
    attempt: spawned.attempt,
    generation: state.generation,
    predecessor_id: spawned.predecessor_id,
    successor_id: state.handoff?.successor_id ?? null,
    seq: state.seq,
    round: state.round?.round ?? 0,
    complexity: state.report?.complexity ?? null,
    verdict: winningProposal(state)?.title ?? null,
    providers: [...new Set(answered.length > 0 ? answered : chosen)],
    usage: state.usage,
    limits: spawned.limits,
    sealed: state.sealed,
    ...(incident && { incident }),
    created_by: state.created_by,
    created_at: state.created_at,
    updated_at: state.updated_at,
    ended_at: state.outcome?.at ?? null,
  };
}

/** CRED-5. `failed` is a pipeline that never got a token. */
function tokenStatus(state: PipelineState, agentId: string | null): TokenStatus {
  const revoking = state.gate_closed || (agentId !== null && state.agents[agentId]?.status !== 'live');
  if (liveToken(state, agentId)) return revoking ? 'revoking' : 'active';
  const had = state.tokens.some((t) => t.agent_id === agentId);
  if (had) return 'revoked';
  return agentId === null && state.outcome?.reason === 'credentials_unavailable' ? 'failed' : 'none';
}

const lastToken = (state: PipelineState, agentId: string | null): TokenState | null =>
  state.tokens.findLast((t) => t.agent_id === agentId) ?? null;

function toAgentCard(state: PipelineState, agent: AgentState): AgentCard {
  const chosen = isOurs(agent.role)
    ? spawnedOf(state).models[agent.role]
    : { model: agent.session?.framework ?? 'outside', provider: 'outside' };
  return {
    agent_id: agent.agent_id,
    role: agent.role,
    ...(agent.session && { name: agent.session.name }),
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
  return Object.values(state.actions).map(({ action_id, request, decision, unknown, outcome }) => ({
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
      (unknown ? ('unknown' as const) : undefined) ??
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
    enforcement: request.outside?.enforcement ?? 'enforced',
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
    kills: state.kills,
    diagnostic_id: state.diagnostic_id,
    bugs: state.bugs,
    log: state.log,
    gamma: {
      spawned: state.mediation !== null,
      reason: state.mediation?.trigger ?? null,
      detail: state.mediation?.detail ?? null,
    },
    recovery: toRecovery(state),
    approvals: state.approvals.map((a) => toApproval(state, a)),
  };
}

/** REC-4: where this run comes from, what ended it early, and what was decided about it. */
function toRecovery(state: PipelineState): Orchestration['recovery'] {
  const { recovery, handoff, inherited, forked, failure } = state;
  return {
    trigger: recovery?.trigger ?? null,
    detail: recovery?.detail ?? null,
    synthesis: state.synthesis,
    handoff_sha256: handoff?.sha256 ?? null,
    resumed_from: inherited && { pipeline_id: inherited.prior_pipeline, sha256: inherited.sha256 },
    forked_from: forked && { pipeline_id: forked.from, at_seq: forked.at_seq },
    failure: failure && {
      reason: failure.reason,
      round: failure.round,
      minority_report: failure.minority_report,
    },
    fallbacks: state.fallbacks.map(({ seq, at, by, action, reason }) => ({ seq, at, by, action, reason })),
    generations: state.history.map((g) => ({
      generation: g.generation,
      tier: g.tier,
      proposals: g.proposals.length,
      reason: g.failure?.reason ?? null,
    })),
  };
}

export const toApproval = (state: PipelineState, a: Approval): ApprovalView => ({
  approval_id: a.approval_id,
  pipeline_id: spawnedOf(state).pipeline_id,
  ...(a.action === 'run_action'
    ? { action_id: a.action_id, tool: a.tool, arguments: a.arguments, target: a.target, policies: a.policies }
    : {
        action_id: null,
        tool: a.action,
        arguments: { tier: a.tier },
        target: spawnedOf(state).pipeline_id,
        policies: ['tier_2_needs_approval'],
      }),
  action_sha256: a.sha256,
  requested_by: a.requested_by,
  reason: a.reason,
  status: approvalStatus(state, a),
  decided_by: a.decided_by,
  expires_at: a.expires_at,
});

/** What has ended, or is being ended, waits for no decision any more. */
function approvalStatus(state: PipelineState, { status }: Approval): ApprovalView['status'] {
  if (status === 'pending') return state.outcome || state.recovery ? 'expired' : 'pending';
  return status === 'approve' ? 'approved' : status === 'deny' ? 'denied' : status;
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
    // Where nothing was issued, nothing was revoked.
    revoked_at: token && (state.outcome?.at ?? state.failure?.at ?? null),
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
  state.partial ? 'partial_accepted' : state.verdict ? 'reached' : state.failure ? 'failed' : 'pending';

/** REC-1: what fits the state, and why the rest does not. */
function fallbackOption(state: PipelineState, action: Fallback): ConsensusView['fallbacks'][number] {
  const why_not = whyNot(state, action);
  return { action, allowed: why_not === null, why_not };
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
