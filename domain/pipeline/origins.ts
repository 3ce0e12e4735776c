import { labelOrigins } from './evolve/labels.ts';
import type { PipelineState } from './state.ts';

interface Written {
  seq: number;
  agent_id: string;
  origin: string[];
}

/**
 * AGENT-5: where everything comes from that an agent has been shown: documents, what earlier runs and generations left, the blackboard as
 * its round shows it (CONS-2), and what tools answered. A report and a message name no origins, so what their writers were shown stands
 * for them. `agent_id` null: of all that the run holds, as a fork or a successor takes it along.
 */
export function originsSeenBy(state: PipelineState, agent_id: string | null): string[] {
  const open = state.round !== null && !state.round.closed && agent_id !== null;
  const until = open ? (state.round?.snapshot_seq ?? 0) : Number.POSITIVE_INFINITY;
  const visible = (e: Written): boolean => e.seq <= until || e.agent_id === agent_id;
  const results = Object.values(state.actions).flatMap(({ request, outcome }) =>
    outcome ? [{ seq: outcome.seq, agent_id: request.agent_id, origin: outcome.origin }] : [],
  );
  const earlier = state.history.flatMap((g) => [...g.findings, ...g.proposals]);
  const written: Written[] = [...results, ...state.findings, ...state.proposals, ...earlier];
  return [
    ...new Set([
      ...(state.spawned?.documents.map((d) => d.origin as string) ?? []),
      ...(state.inherited?.handoff.origin ?? []),
      ...(state.forked?.origin ?? []),
      ...written.filter(visible).flatMap((e) => e.origin),
      ...labelOrigins(state.labels),
    ]),
  ].sort();
}
