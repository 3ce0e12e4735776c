import type { OutputSchemaName } from '../agents/output.ts';
import { type AgentRole, isOurs, isSeat, type Role, type Seat } from '../agents/roles.ts';
import { conflicts } from '../consensus/tally.ts';
import { BUILTIN_ONLY, type Permit } from '../governance/permit.ts';
import type {
  ActionAssignment,
  Assignment,
  BlackboardView,
  FailureContext,
  GateFacts,
  SuccessorAssignment,
  ToolExchange,
  TurnAssignment,
} from './assignment.ts';
import { diagnosticFor } from './diagnostic.ts';
import { MAX_LEGS } from './rules.ts';
import { type AgentState, type Generation, liveToken, type PipelineState } from './state.ts';

const SCHEMA: Record<Role, OutputSchemaName> = {
  PLANNER: 'planner_report',
  ALPHA: 'research_turn',
  BETA: 'synthesis_turn',
  GAMMA: 'mediation_turn',
  DIAGNOSTIC: 'planner_report',
};

/**
 * CONS-2: nothing that was written after the round began, whoever wrote it. Votes on revisions that are superseded, and what others wrote to
 * each other, are for the mediator only, who reads everything (CONS-6).
 */
export function blackboardView(state: PipelineState, seat: Seat): BlackboardView {
  const until = state.round?.snapshot_seq ?? state.seq;
  const visible = <T extends { seq: number }>(entries: T[]): T[] => entries.filter((e) => e.seq <= until);
  const mediates = seat === 'GAMMA';
  const latest = new Map(visible(state.proposals).map((p) => [p.proposal_id, p]));
  return {
    seat,
    round: state.round?.round ?? 0,
    report: state.report,
    findings: visible(state.findings).map(({ finding_id, author, severity, title, body, citations }) => ({
      finding_id,
      author,
      severity,
      title,
      body,
      citations,
    })),
    proposals: [...latest.values()].map(
      ({ proposal_id, revision, author, round, title, body, steps, actions, citations }) => ({
        proposal_id,
        revision,
        author,
        round,
        title,
        body,
        steps,
        actions,
        citations,
      }),
    ),
    votes: visible(state.votes)
      .filter((v) => mediates || latest.get(v.proposal_id)?.revision === v.revision)
      .map(({ seat: voter, round, proposal_id, revision, vote, confidence, reason, critical }) => ({
        seat: voter,
        round,
        proposal_id,
        revision,
        vote,
        confidence,
        reason,
        critical,
      })),
    messages: visible(state.messages)
      .filter((m) => mediates || m.to === 'all' || m.to === seat || m.from === seat)
      .map(({ from, to, round, body }) => ({ from, to, round, body })),
  };
}

const seatView = (state: PipelineState, role: AgentRole): BlackboardView | null =>
  isSeat(role) ? blackboardView(state, role) : null;

function transcript(state: PipelineState, agent: AgentState): ToolExchange[][] {
  return agent.legs.map((leg) =>
    leg.flatMap((id) => {
      const action = state.actions[id];
      if (!action) return [];
      const { call_id, tool, arguments: args } = action.request;
      const { result, origin } = action.outcome ?? { result: null, origin: [] };
      return [{ call_id: call_id ?? id, tool, arguments: args, result: result ?? 'null', origin }];
    }),
  );
}

function turnFor(
  state: PipelineState,
  agent: AgentState,
  leg: number,
): Omit<TurnAssignment, 'budget'> | null {
  const { spawned } = state;
  const { role } = agent;
  if (!spawned || !isOurs(role)) return null;
  return {
    objective: spawned.objective,
    documents: spawned.documents,
    blackboard: seatView(state, role),
    transcript: transcript(state, agent),
    schema: SCHEMA[role],
    tools_allowed: leg < MAX_LEGS,
    model: spawned.models[role],
    misbehave: spawned.misbehave.filter(
      (m) =>
        m.agent === role &&
        (m.attempts === undefined || spawned.attempt + state.generation - 1 <= m.attempts),
    ),
    earlier: earlierRun(state),
  };
}

/** REC-2: GAMMA sees everything, also what was written after the round began, and must answer at once. */
function synthesisFor(state: PipelineState, agent: AgentState): Omit<TurnAssignment, 'budget'> | null {
  const all = state.round ? { ...state, round: { ...state.round, snapshot_seq: state.seq } } : state;
  const turn = turnFor(all, { ...agent, legs: [] }, MAX_LEGS);
  return turn && { ...turn, schema: 'mediation_turn', tools_allowed: false };
}

/** What those before left: a failed generation of this pipeline, else the predecessor's handoff. */
function earlierRun(state: PipelineState): TurnAssignment['earlier'] {
  const last = state.history.at(-1);
  if (last) return { source: 'failure_context', text: JSON.stringify(contextOf(state, last)) };
  return state.inherited ? { source: 'handoff', text: JSON.stringify(state.inherited.handoff) } : null;
}

const contextOf = (state: PipelineState, g: Generation): FailureContext => ({
  pipeline_id: state.spawned?.pipeline_id ?? '',
  generation: g.generation,
  round: g.failure?.round ?? 0,
  reason: g.failure?.reason ?? '',
  conflicts: conflicts({ electorate: [], proposals: g.proposals, votes: g.votes }),
  proposals: g.proposals.map(({ proposal_id, revision, author, title, body, steps }) => ({
    proposal_id,
    revision,
    author,
    title,
    body,
    steps,
  })),
  votes: g.votes.map(({ seat, proposal_id, revision, vote, confidence, reason }) => ({
    seat,
    proposal_id,
    revision,
    vote,
    confidence,
    reason,
  })),
});

/** CONS-9: of the failure that is on the table now. */
export const failureContext = (state: PipelineState): FailureContext =>
  contextOf(state, { ...state, generation: state.generation });

/** REC-1: why each generation failed that did, as it was stored for the retry, oldest first. */
export const failureContexts = (state: PipelineState): FailureContext[] => [
  ...state.history.filter((g) => g.failure !== null).map((g) => contextOf(state, g)),
  ...(state.failure ? [failureContext(state)] : []),
];

/** REC-3: the plan as it was, with what is left of its budgets. */
function successorFor(state: PipelineState, pipeline_id: string): SuccessorAssignment | null {
  const { spawned, handoff } = state;
  if (!spawned || !handoff) return null;
  const { tokens, cost_microusd, actions } = handoff.handoff.budgets_left;
  return {
    pipeline_id,
    predecessor_id: spawned.pipeline_id,
    attempt: spawned.attempt + 1,
    created_by: state.created_by,
    plan: {
      plan_id: spawned.plan_id,
      name: spawned.plan_name,
      version: spawned.plan_version,
      sha256: spawned.plan_sha256,
      objective: spawned.objective,
      tier: spawned.tier,
      models: spawned.models,
      misbehave: spawned.misbehave,
      limits: { ...spawned.limits, tokens, cost_microusd, actions },
      stages: spawned.stages,
      ...(spawned.approvals !== undefined && { approvals: spawned.approvals }),
    },
    documents: spawned.documents,
    mode: spawned.mode,
    auto_continue: true,
    handoff: handoff.handoff,
    sha256: handoff.sha256,
  };
}

/** GOV-5: an approval that has not expired holds until the action is over, and for no other. */
function approvedUnder(state: PipelineState, action_id: string): string | null {
  const approval = state.approvals.findLast((a) => a.action === 'run_action' && a.action_id === action_id);
  return approval?.action === 'run_action' && approval.status === 'approve' ? approval.policy_sha256 : null;
}

/** GOV-2: the facts, and the version that admission compares. */
export function gateFacts(state: PipelineState, action_id: string, permit: Permit | null): GateFacts | null {
  const action = state.actions[action_id];
  const agent = action && state.agents[action.request.agent_id];
  if (!state.spawned || !action || !agent) return null;
  const { agent_id, tool, arguments: args, target, origin } = action.request;
  return {
    version: state.facts_seq,
    tenant: state.spawned.tenant,
    project_id: state.spawned.project_id,
    agent_id,
    role: agent.role,
    tier: agent.tier,
    tool,
    arguments: args,
    target,
    origin,
    actions_left: state.spawned.limits.actions - Object.keys(state.actions).indexOf(action_id),
    gate_closed:
      state.gate_closed || agent.status !== 'live' || (agent.role === 'OUTSIDE' && !agent.accessor),
    labels: state.labels,
    plan_asks: state.spawned.approvals?.includes(tool) ?? false,
    approved_under: approvedUnder(state, action_id),
    policy: permit?.policy_version ?? BUILTIN_ONLY,
    mode: permit?.mode ?? 'enforce',
    outside_tool: action.request.outside?.tool ?? null,
  };
}

function actionFor(
  state: PipelineState,
  action_id: string,
  role: AgentRole,
  permit: Permit | null,
): ActionAssignment | null {
  const facts = gateFacts(state, action_id, permit);
  return facts
    ? { action_id, facts, blackboard: seatView(state, role), documents: state.spawned?.documents ?? [] }
    : null;
}

/** What the worker that holds the step gets to do it with; null when there is no such step. */
export function assignmentFor(
  state: PipelineState,
  step_id: string,
  permit: Permit | null = null,
): Assignment | null {
  const step = state.steps[step_id];
  if (!step || !state.spawned) return null;
  const { work } = step;
  const agent = 'agent_id' in work ? state.agents[work.agent_id] : undefined;
  const turn =
    work.kind === 'agent_turn' && agent
      ? turnFor(state, agent, work.leg)
      : work.kind === 'synthesis' && agent
        ? synthesisFor(state, agent)
        : null;
  return {
    tenant: state.spawned.tenant,
    pipeline_id: state.spawned.pipeline_id,
    project_id: state.spawned.project_id,
    step_id,
    epoch: step.epoch,
    attempt: step.failures + 1,
    generation: state.generation,
    work,
    agent: agent ? { agent_id: agent.agent_id, role: agent.role, tier: agent.tier } : null,
    turn: turn && { ...turn, budget: step.reserved },
    action: work.kind === 'action' && agent ? actionFor(state, work.action_id, agent.role, permit) : null,
    login_accessor: liveToken(state, null)?.accessor ?? null,
    agent_accessor: agent?.accessor ?? null,
    failure_context: work.kind === 'store_context' ? failureContext(state) : null,
    diagnostic: work.kind === 'spawn_diagnostic' ? diagnosticFor(state, work.pipeline_id) : null,
    successor: work.kind === 'spawn_successor' ? successorFor(state, work.pipeline_id) : null,
  };
}
