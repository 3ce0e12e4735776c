import type { Incident, Pipeline } from '#contract/pipeline.ts';
import { toTokenStatus } from '#contract/views.ts';
import { atLeast } from '#domain/governance/severity.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import type { ActionState, PipelineState } from '#domain/pipeline/state.ts';
import type { PipelineMap } from './pipeline-list.ts';

/** How long a banner stays when nobody hides it (ms): a day covers who was away for a shift. */
export const BANNER_FOR = 24 * 3_600_000;

export interface Alarm {
  incident: Incident;
  pipeline: Pipeline;
}

/** UI-5: what the banner shows, the newest first: the last violation of each pipeline, recent and not hidden by this reader. */
export function alarmsOf(pipelines: PipelineMap, hidden: ReadonlySet<string>, now: number): Alarm[] {
  return [...pipelines.values()]
    .flatMap((pipeline) => (pipeline.incident ? [{ pipeline, incident: pipeline.incident }] : []))
    .filter(({ incident }) => !hidden.has(incident.violation_id))
    .filter(({ incident }) => now - Date.parse(incident.at) < BANNER_FOR)
    .sort((a, b) => b.incident.at.localeCompare(a.incident.at));
}

/** An action of an incident: what was asked, when the gate spoke, and what is known of it now. */
export interface IncidentAction {
  action_id: string;
  agent_id: string;
  tool: string;
  target: string;
  /** When the gate decided. */
  at: string;
  seq: number;
  reason: string;
  /** `running` and `unknown` are outcomes that nobody knows yet. */
  outcome: 'running' | 'unknown' | 'succeeded' | 'failed' | 'denied';
}

export type Violation = PipelineState['violations'][number];

/** UI-5: an incident as far as the log tells it. */
export interface IncidentReport {
  violation: Violation;
  lastAllowed: IncidentAction | null;
  firstRefused: IncidentAction | null;
  /** Allowed before, and without an outcome when it happened; with what became of them. */
  inFlight: IncidentAction[];
  /** What can no longer act: the pipeline, the agent alone, or nothing. */
  closed: { scope: 'pipeline' | 'agent'; at: string } | null;
  tokens: { issued: number; gone: number; rows: { holder: string; confirmed_at: string | null }[] };
  outcomes: { known: number; unknown: number };
}

const outcomeOf = (action: ActionState): IncidentAction['outcome'] =>
  action.outcome?.status ?? (action.unknown ? 'unknown' : 'running');

/** The gate's decisions, in their order. */
function decisions(
  events: readonly PipelineEvent[],
  state: PipelineState,
): (IncidentAction & { allowed: boolean })[] {
  return events.flatMap((event) => {
    if (event.type !== 'action_decided') return [];
    const { action_id, decision } = event.body;
    const action = state.actions[action_id];
    if (!action || decision.decision === 'require_approval') return [];
    const { agent_id, tool, target } = action.request;
    return [
      {
        action_id,
        agent_id,
        tool,
        target,
        at: event.at,
        seq: event.seq,
        reason: decision.reason,
        outcome: outcomeOf(action),
        allowed: decision.decision === 'allow',
      },
    ];
  });
}

/** The whole pipeline's end counts before the agent's: where all authority is gone, one agent's is too. */
function closedAt(
  events: readonly PipelineEvent[],
  state: PipelineState,
  agent_id: string | null,
): IncidentReport['closed'] {
  if (state.outcome) return { scope: 'pipeline', at: state.outcome.at };
  if (state.gate_closed && state.failure) return { scope: 'pipeline', at: state.failure.at };
  const revoked = events.findLast((e) => e.type === 'agent_revoked' && e.body.agent_id === agent_id);
  return revoked ? { scope: 'agent', at: revoked.at } : null;
}

function tokensOf(state: PipelineState, only: string | null): IncidentReport['tokens'] {
  const view = toTokenStatus(state);
  const all = [
    { id: null, holder: 'Pipeline', status: view.status, confirmed_at: view.confirmed_at },
    ...view.agents.map((a) => ({ ...a, id: a.agent_id, holder: a.role as string })),
  ];
  const rows = all
    .filter((r) => r.status !== 'none' && (only === null || r.id === only))
    .map(({ holder, confirmed_at }) => ({ holder, confirmed_at }));
  return { issued: rows.length, gone: rows.filter((r) => r.confirmed_at !== null).length, rows };
}

/** The violation that people are shown: the newest serious one, else the newest; null without any. */
export const violationOf = (state: PipelineState): Violation | null =>
  state.violations.findLast((v) => atLeast(v.severity, 'high')) ?? state.violations.at(-1) ?? null;

/** UI-5, from the log alone: what was allowed last, what was refused first, what was under way, and what is certain now. */
export function incidentOf(events: readonly PipelineEvent[], state: PipelineState): IncidentReport | null {
  const violation = violationOf(state);
  if (!violation) return null;
  const all = decisions(events, state);
  const refused = all.filter((d) => !d.allowed);
  // A refusal that is a violation is decided just before it is recorded; one that counts errors may come before any refusal.
  const cause = refused.findLast(
    (d) =>
      d.seq < violation.seq &&
      d.agent_id === violation.agent_id &&
      state.actions[d.action_id]?.decision?.violation?.rule === violation.rule,
  );
  const firstRefused = cause ?? refused.find((d) => d.seq > violation.seq) ?? null;
  const boundary = firstRefused?.seq ?? violation.seq;
  const before = all.filter((d) => d.allowed && d.seq < boundary);
  const inFlight = before.filter((d) => {
    const { outcome } = state.actions[d.action_id]!;
    return outcome === null || outcome.seq > boundary;
  });
  const closed = closedAt(events, state, violation.agent_id);
  const allowed = all.filter((d) => d.allowed);
  const unknown = allowed.filter((d) => d.outcome === 'unknown' || d.outcome === 'running').length;
  return {
    violation,
    lastAllowed: before.at(-1) ?? null,
    firstRefused,
    inFlight,
    closed,
    tokens: tokensOf(state, closed?.scope === 'agent' ? violation.agent_id : null),
    outcomes: { known: allowed.length - unknown, unknown },
  };
}
