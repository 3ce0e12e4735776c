import type { MediationOutput } from '../../agents/output.ts';
import { ballotOf } from '../../consensus/ballot.ts';
import { tally } from '../../consensus/tally.ts';
import { pipelineIdFor } from '../../ids.ts';
import { hashJson } from '../../ledger/canonical.ts';
import { isoTime } from '../command.ts';
import { doneSoFar } from '../done.ts';
import type { Handoff, RecoveryTrigger, Synthesis } from '../event/recovery.ts';
import { originsSeenBy } from '../origins.ts';
import { CLOCKS, MAX_ATTEMPTS } from '../rules.ts';
import { latestProposals, liveAgent, liveToken, type PipelineState } from '../state.ts';
import { spawnAgent } from './agents.ts';
import type { Draft } from './draft.ts';
import { cancelSteps, failPipeline, handOver } from './ending.ts';

/**
 * REC-2: the supervisor ends the run. GAMMA puts together what there is: the live one, else a new one, else, without a token, rules
 * do it at once. Nothing else is worked on from here.
 */
export function startRecovery(draft: Draft, trigger: RecoveryTrigger, detail: string): void {
  if (draft.state.recovery || draft.state.outcome) return;
  draft.emit('recovery_started', {
    trigger,
    detail,
    until: isoTime(draft.context.now + CLOCKS.recovery_window),
  });
  cancelSteps(draft, `the supervisor ends the run: ${trigger}`);
  const gamma = liveAgent(draft.state, 'GAMMA');
  if (draft.state.gate_closed || !liveToken(draft.state, null))
    finishRecovery(draft, ruleSynthesis(draft.state));
  else if (gamma?.accessor) draft.schedule({ kind: 'synthesis', agent_id: gamma.agent_id });
  else if (gamma) draft.schedule({ kind: 'agent_bootstrap', agent_id: gamma.agent_id });
  else spawnAgent(draft, 'GAMMA', `recovery: ${trigger}`);
}

/** What GAMMA wrote; without a proposal in it, the rules' own. */
export function synthesised(draft: Draft, agent_id: string, output: MediationOutput): void {
  const { proposal, taken } = output;
  finishRecovery(
    draft,
    proposal
      ? {
          synthesis_type: 'abort_recovery',
          agent_id,
          title: proposal.title,
          body: proposal.body,
          steps: proposal.steps,
          taken,
        }
      : ruleSynthesis(draft.state),
  );
}

/** REC-2: no token, no model, no time: the same blackboard always gives the same synthesis. */
export const synthesiseByRule = (draft: Draft): void => finishRecovery(draft, ruleSynthesis(draft.state));

function ruleSynthesis(state: PipelineState): Synthesis {
  const standing = tally(ballotOf(state)).sort(
    (a, b) => b.approve.length - a.approve.length || b.confidence - a.confidence || a.first_seq - b.first_seq,
  );
  const latest = new Map(latestProposals(state).map((p) => [p.proposal_id, p]));
  const ranked = standing.flatMap((t) => latest.get(t.proposal_id) ?? []);
  const [best] = ranked;
  return {
    synthesis_type: 'abort_recovery',
    agent_id: null,
    title: best ? best.title : 'Nothing was proposed before the run ended',
    body: ranked.map((p) => `${p.author}, revision ${p.revision}: ${p.title}\n${p.body}`).join('\n\n'),
    steps: best?.steps ?? [],
    taken: ranked.map((p) => ({ proposal_id: p.proposal_id, revision: p.revision, what: p.title })),
  };
}

const left = (limit: number, used: number): number => Math.max(0, limit - used);

/** REC-3: tokens, cost and actions are inherited; rounds and deadline begin anew. */
export function budgetsLeft(state: PipelineState): Handoff['budgets_left'] {
  const { usage } = state;
  const limits = state.spawned?.limits;
  return {
    tokens: left(limits?.tokens ?? 0, usage.tokens_in + usage.tokens_out),
    cost_microusd: left(limits?.cost_microusd ?? 0, usage.cost_microusd),
    actions: left(limits?.actions ?? 0, usage.actions),
  };
}

function handoffOf(state: PipelineState, synthesis: Synthesis): Handoff {
  const dissent = state.votes.filter((v) => v.vote !== 'approve');
  const done = doneSoFar(state);
  return {
    prior_pipeline: state.spawned?.pipeline_id ?? '',
    attempt: state.spawned?.attempt ?? 1,
    at_seq: state.seq,
    objective: state.spawned?.objective ?? '',
    report: state.report,
    findings: state.findings.map(({ author, severity, title, body, citations }) => ({
      author,
      severity,
      title,
      body,
      citations,
    })),
    proposals: latestProposals(state).map(({ author, title, body, steps, citations }) => ({
      author,
      title,
      body,
      steps,
      citations,
    })),
    reasons: dissent.map(({ seat, proposal_id, vote, reason }) => ({
      seat,
      proposal_id,
      vote: vote as 'reject' | 'abstain',
      reason,
    })),
    synthesis,
    trigger: state.recovery?.trigger ?? 'abort',
    budgets_left: budgetsLeft(state),
    origin: originsSeenBy(state, null),
    ...(state.labels.length > 0 ? { labels: state.labels } : {}),
    ...(done.length > 0 ? { done } : {}),
  };
}

/** REC-2: the sealed handoff, FAILED with exit code 3 and the successor's effect commit together. */
function finishRecovery(draft: Draft, synthesis: Synthesis): void {
  const { recovery, spawned } = draft.state;
  if (!recovery || !spawned || draft.state.outcome) return;
  draft.emit('synthesis_written', synthesis);
  const handoff = handoffOf(draft.state, synthesis);
  const next = spawned.attempt + 1;
  const broke =
    handoff.budgets_left.tokens === 0 ||
    (spawned.limits.cost_microusd > 0 && handoff.budgets_left.cost_microusd === 0);
  const goesOn = next <= MAX_ATTEMPTS && !broke;
  const successor_id = goesOn
    ? pipelineIdFor(spawned.tenant, `successor of ${spawned.pipeline_id}, attempt ${next}`)
    : null;
  draft.emit('handoff_sealed', { handoff, sha256: hashJson(handoff), successor_id });
  if (successor_id === null) {
    const why = broke ? 'no budget is left' : `attempt ${spawned.attempt} of ${MAX_ATTEMPTS} was the last`;
    failPipeline(draft, 'recovery_exhausted', `${recovery.detail} ${why}`);
    return;
  }
  handOver(draft, recovery.trigger, recovery.detail);
  draft.schedule({ kind: 'spawn_successor', pipeline_id: successor_id });
}
