import type { ResolvedPlan } from '../plan/plan.ts';
import type { DocumentRef, ForkSeed } from './event.ts';
import type { PipelineState } from './state.ts';
import type { PipelineMode } from './states.ts';

export interface ForkSource {
  plan: Omit<ResolvedPlan, 'documents'>;
  documents: DocumentRef[];
  project_id: string;
  mode: PipelineMode;
  seed: ForkSeed;
}

/**
 * PIPE-7: a fork takes what was found and said up to an event. Tokens, approvals, reservations and unfinished work stay behind, and
 * with them every action: what was done is in the findings, and is not done again. null before the first event.
 */
export function forkSource(state: PipelineState, atHash: string): ForkSource | null {
  const { spawned, report, findings, proposals, votes, messages } = state;
  if (!spawned) return null;
  return {
    plan: {
      plan_id: spawned.plan_id,
      name: spawned.plan_name,
      version: spawned.plan_version,
      sha256: spawned.plan_sha256,
      objective: spawned.objective,
      tier: spawned.tier,
      models: spawned.models,
      misbehave: spawned.misbehave,
      limits: spawned.limits,
      stages: spawned.stages,
    },
    documents: spawned.documents,
    project_id: spawned.project_id,
    mode: spawned.mode,
    seed: {
      from: spawned.pipeline_id,
      at_seq: state.seq,
      at_hash: atHash,
      report,
      // A round that was open is held again, from its beginning.
      round: state.round ? state.round.round - (state.round.closed ? 0 : 1) : 0,
      findings,
      proposals,
      votes,
      messages,
      ...(state.labels.length > 0 ? { labels: state.labels } : {}),
    },
  };
}
