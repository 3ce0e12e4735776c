import type { BacktestResult, PoliciesInForce, PolicyCheckResult } from '#contract/policies.ts';
import { plural } from './format.ts';

/** Where somebody begins who has no policies yet: one of each kind that people ask for first. */
export const FIRST_DRAFT = `// The built-in limits always hold. What stands here is judged on top of them.

// A person looks at every webhook before it goes.
@id("webhooks_need_a_person")
@decision("require_approval")
@reason("Webhooks leave the house, so a person looks first.")
forbid (principal, action == Action::"webhook_dispatch", resource);
`;

/** GOV-4: what the backtest found, in a sentence. */
export function backtestText(result: BacktestResult): string {
  if (result.examined === 0)
    return result.skipped > 0
      ? 'None of the recorded actions holds the facts that it was judged on, so none could be judged again.'
      : 'No action has been recorded yet, so there is nothing to judge again.';
  const looked = `${plural(result.examined, 'recorded action')} judged again`;
  if (result.changes.length === 0) return `${looked}: every decision would be the same.`;
  const parts = [
    ...(result.stricter > 0 ? [`${result.stricter} would be refused or need a person`] : []),
    ...(result.looser > 0 ? [`${result.looser} would be let through`] : []),
  ];
  return `${looked}: ${parts.join(', ')}.`;
}

/** What a draft would add, in a sentence. */
export function draftText(check: PolicyCheckResult): string {
  const n = { allow: 0, deny: 0, require_approval: 0 };
  for (const p of check.policies) n[p.decision] += 1;
  const parts = [
    ...(n.deny > 0 ? [`${n.deny} that refuse`] : []),
    ...(n.require_approval > 0 ? [`${n.require_approval} that ask a person`] : []),
    ...(n.allow > 0 ? [`${n.allow} that allow`] : []),
  ];
  return check.policies.length === 0
    ? 'No policy: only the built-in ones would hold.'
    : `${plural(check.policies.length, 'policy', 'policies')}: ${parts.join(', ')}.`;
}

export const DECISION_TEXT = {
  allow: { label: 'allowed', variant: 'success' },
  deny: { label: 'refused', variant: 'error' },
  require_approval: { label: 'needs a person', variant: 'warning' },
} as const;

/** The version that a draft was written on; 0 before the first. */
export const baseVersion = (inForce: PoliciesInForce): number => inForce.own?.version ?? 0;
