import type { OutputSchemaName } from '../agents/output.ts';
import { isSeat, type Role, type Seat } from '../agents/roles.ts';
import type {
  ActionAssignment,
  Assignment,
  BlackboardView,
  GateFacts,
  ToolExchange,
  TurnAssignment,
} from './assignment.ts';
import { MAX_LEGS } from './rules.ts';
import type { AgentState, PipelineState } from './state.ts';

const SCHEMA: Record<Role, OutputSchemaName> = {
  PLANNER: 'planner_report',
  ALPHA: 'research_turn',
  BETA: 'synthesis_turn',
  GAMMA: 'mediation_turn',
  DIAGNOSTIC: 'planner_report',
};

/** CONS-2: nothing that was written after the round began, whoever wrote it. */
export function blackboardView(state: PipelineState, seat: Seat): BlackboardView {
  const until = state.round?.snapshot_seq ?? 0;
  const visible = <T extends { seq: number }>(entries: T[]): T[] => entries.filter((e) => e.seq <= until);
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
      .filter((v) => latest.get(v.proposal_id)?.revision === v.revision)
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
      .filter((m) => m.to === 'all' || m.to === seat || m.from === seat)
      .map(({ from, to, round, body }) => ({ from, to, round, body })),
  };
}

const seatView = (state: PipelineState, role: Role): BlackboardView | null =>
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

function turnFor(state: PipelineState, agent: AgentState, leg: number): TurnAssignment | null {
  const spawned = state.spawned;
  if (!spawned) return null;
  return {
    objective: spawned.objective,
    documents: spawned.documents,
    blackboard: seatView(state, agent.role),
    transcript: transcript(state, agent),
    schema: SCHEMA[agent.role],
    tools_allowed: leg < MAX_LEGS,
    model: spawned.models[agent.role],
    misbehave: spawned.misbehave.filter((m) => m.agent === agent.role),
  };
}

/** GOV-2: the facts, and the version that admission compares. */
export function gateFacts(state: PipelineState, action_id: string): GateFacts | null {
  const action = state.actions[action_id];
  const agent = action && state.agents[action.request.agent_id];
  if (!state.spawned || !action || !agent) return null;
  const { tool, arguments: args, target, origin } = action.request;
  return {
    version: state.facts_seq,
    tenant: state.spawned.tenant,
    tier: agent.tier,
    tool,
    arguments: args,
    target,
    origin,
    // The action that is being judged was counted when it was asked for.
    actions_left: state.spawned.limits.actions - state.usage.actions + 1,
    gate_closed: state.gate_closed || agent.status !== 'live',
  };
}

function actionFor(state: PipelineState, action_id: string, role: Role): ActionAssignment | null {
  const facts = gateFacts(state, action_id);
  return facts
    ? { action_id, facts, blackboard: seatView(state, role), documents: state.spawned?.documents ?? [] }
    : null;
}

/** What the worker that holds the step gets to do it with; null when there is no such step. */
export function assignmentFor(state: PipelineState, step_id: string): Assignment | null {
  const step = state.steps[step_id];
  if (!step || !state.spawned) return null;
  const { work } = step;
  const agent = 'agent_id' in work ? state.agents[work.agent_id] : undefined;
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
    turn: work.kind === 'agent_turn' && agent ? turnFor(state, agent, work.leg) : null,
    action: work.kind === 'action' && agent ? actionFor(state, work.action_id, agent.role) : null,
  };
}
