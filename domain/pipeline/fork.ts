import { disownedAgents, votesStandingAt } from '../consensus/ballot.ts';
import type { ResolvedPlan } from '../plan/plan.ts';
import { doneSoFar } from './done.ts';
import type { DocumentRef } from './event/lifecycle.ts';
import type { ForkSeed } from './event/recovery.ts';
import { originsSeenBy } from './origins.ts';
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
 * PIPE-7: a fork takes what was found and said up to an event. Tokens, approvals, reservations and unfinished work stay behind. Of the
 * actions it knows what was done, so as not to do it again. A round that was open is held again from its beginning, so its votes are cast
 * anew; votes that are void, or that stood for a round that is over, stay behind too (CONS-4). null before the first event.
 */
export function forkSource(state: PipelineState, atHash: string): ForkSource | null {
  const { spawned, report, findings, proposals, messages } = state;
  if (!spawned) return null;
  const round = state.round ? state.round.round - (state.round.closed ? 0 : 1) : 0;
  const done = doneSoFar(state);
  const disowned = disownedAgents(state);
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
      ...(spawned.approvals !== undefined && { approvals: spawned.approvals }),
    },
    documents: spawned.documents,
    project_id: spawned.project_id,
    mode: spawned.mode,
    seed: {
      from: spawned.pipeline_id,
      at_seq: state.seq,
      at_hash: atHash,
      report,
      round,
      findings,
      proposals,
      votes: votesStandingAt(state, round + 1).filter((v) => v.round <= round),
      messages,
      origin: originsSeenBy(state, null),
      ...(state.labels.length > 0 ? { labels: state.labels } : {}),
      ...(done.length > 0 ? { done } : {}),
      ...(disowned.length > 0 ? { disowned } : {}),
    },
  };
}
