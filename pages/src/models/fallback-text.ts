import type { ConsensusView, Pipeline, Proposal } from '#contract/pipeline.ts';
import { type AccessRole, HIGHEST_TIER } from '#domain/governance/access-role.ts';
import type { Fallback } from '#domain/pipeline/states.ts';

export interface FallbackText {
  label: string;
  /** What it does, in a sentence. */
  does: string;
  confirm: string;
  reason: string;
  done: string;
}

const GENERATION =
  'new agents with new tokens start at round 1, and are shown why this failed. Budgets continue.';

type Option = ConsensusView['fallbacks'][number];

/** TEN-2, PROM-3: what fits the state, as far as this person may do it; the server would refuse the rest with the same reason. */
export const offeredTo = (
  role: AccessRole,
  tier: Pipeline['tier'],
  options: readonly Option[],
): readonly Option[] =>
  options.map((option) =>
    option.action === 'escalate_tier' && option.allowed && (HIGHEST_TIER[role] ?? -1) < tier + 1
      ? {
          ...option,
          allowed: false,
          why_not: `The role “${role}” may not grant tier ${tier + 1}; an admin can ask for it.`,
        }
      : option,
  );

/** REC-1: the five ways out of a failed consensus. */
export const fallbackText = (action: Fallback, tier: Pipeline['tier']): FallbackText => {
  switch (action) {
    case 'rerun_same':
      return {
        label: 'Run again',
        does: `ALPHA and BETA once more: ${GENERATION}`,
        confirm: 'Run again',
        reason: 'A fresh pair of agents may find common ground',
        done: 'A new generation begins',
      };
    case 'rerun_gamma':
      return {
        label: 'Run again with GAMMA',
        does: `GAMMA mediates and votes from the first round: ${GENERATION}`,
        confirm: 'Run again with GAMMA',
        reason: 'A mediator from the start may bring the seats together',
        done: 'A new generation begins, with GAMMA',
      };
    case 'escalate_tier': {
      const next = Math.min(tier + 1, 2);
      const approval =
        next === 2
          ? 'Only an admin can ask for tier 2, and another person has to approve it before it starts.'
          : '';
      return {
        label: `Run again at tier ${next}`,
        does: `Agents of tier ${next} may do more than those of tier ${tier}. ${approval}`.trim(),
        confirm: next === 2 ? 'Ask for approval' : `Run again at tier ${next}`,
        reason: 'The agents were not allowed to look closely enough',
        done: next === 2 ? 'Asked for; another person decides' : `A new generation begins at tier ${next}`,
      };
    }
    case 'accept_partial':
      return {
        label: 'Accept a proposal',
        does: 'You choose one. The pipeline completes with it on your word, and the record says that it had no consensus.',
        confirm: 'Accept and complete',
        reason: 'Good enough to go on with',
        done: 'Completed with the proposal that you accepted',
      };
    case 'download_log':
      return {
        label: 'Download the log',
        does: 'Everything a person needs to review this by hand, as one JSON file. Changes nothing.',
        confirm: 'Download',
        reason: 'Review by hand',
        done: 'Saved',
      };
  }
};

export interface Choice {
  /** `proposal_id revision`. */
  key: string;
  proposal: Proposal;
  tally: ConsensusView['proposals'][number] | null;
}

const keyOf = (p: { proposal_id: string; revision: number }): string => `${p.proposal_id} ${p.revision}`;

/** Every revision that can be accepted: the best supported first, then the newest. */
export function choicesOf(proposals: readonly Proposal[], tallies: ConsensusView['proposals']): Choice[] {
  const byKey = new Map(tallies.map((t) => [keyOf(t), t]));
  return proposals
    .map((proposal) => ({ key: keyOf(proposal), proposal, tally: byKey.get(keyOf(proposal)) ?? null }))
    .toSorted(
      (a, b) =>
        (b.tally?.approve ?? -1) - (a.tally?.approve ?? -1) ||
        (a.tally?.reject ?? 0) - (b.tally?.reject ?? 0) ||
        b.proposal.seq - a.proposal.seq,
    );
}

/** Votes on a proposal in a line. */
export function tallyText(t: ConsensusView['proposals'][number] | null): string {
  if (!t) return 'replaced by a later revision';
  const critical = t.critical > 0 ? `, ${t.critical} critical objection${t.critical > 1 ? 's' : ''}` : '';
  return `${t.approve} for, ${t.reject} against, ${t.abstain} abstained or silent${critical}`;
}
