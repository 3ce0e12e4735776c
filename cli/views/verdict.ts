import type { Finding, Orchestration, Pipeline, Proposal } from '#client/index.ts';
import { atLeast, type Severity, severityRank } from '#domain/governance/severity.ts';
import { EXIT_CODES } from '#domain/pipeline/states.ts';
import { plural } from '../terminal/format.ts';
import type { Style } from '../terminal/style.ts';
import { printable } from '../terminal/text.ts';

/** Why a pipeline ended, for people. Reasons that are not here are shown as they are, without underscores. */
const REASONS: Record<string, string> = {
  consensus_failed: 'the agents could not agree',
  consensus_undecided: 'nobody decided what to do about the failed consensus in time',
  critical_violation: 'an agent asked for something that is forbidden; everything was stopped at once',
  credentials_unavailable: 'Vault could not be reached in time, so no agent was allowed to work',
  token_revoked: 'its token was revoked in Vault, and not from here',
  credentials_expired: 'the credentials ran out and Vault could not be reached',
  revoked: 'its authority was revoked',
  planner_revoked: 'the planner’s authority was revoked before it had reported',
  cancelled: 'it was cancelled',
  deadline: 'the deadline passed',
  limit_reached: 'one of its limits is used up',
  round_limit: 'the agents used all their rounds without agreeing',
  no_agent_answered: 'no agent could answer',
  planner_failed: 'the planner could not finish its report',
  model_unavailable: 'the model could not be reached',
  model_timeout: 'the model did not answer in time',
  model_rate_limited: 'the model’s provider limits the rate of calls',
  model_key_refused: 'the model’s provider refused the API key',
  model_credits: 'the model’s provider has no credits left for this key',
  model_not_found: 'the provider does not know the model',
  abort: 'an operator ended it early',
  partial_accepted: 'a person accepted a partial result',
  recovery_exhausted: 'no attempt, or no budget, of its lineage is left',
};

export const reasonInWords = (reason: string): string => REASONS[reason] ?? reason.replaceAll('_', ' ');
const reasonOf = ({ reason }: Pipeline): string =>
  reason === null ? 'no reason was recorded' : reasonInWords(reason);

/** What a failed consensus waits for. */
const WAITING: Record<string, string> = {
  fallback: '; a person decides how to go on (ags pipeline fallback)',
  approval: '; another person’s approval is asked for (ags approvals)',
};

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** The outcome in one line that a person understands. */
export function verdictLine({ pipeline, blackboard }: Orchestration, style: Style): string {
  const { consensus } = blackboard;
  if (pipeline.state === 'COMPLETED' && consensus) {
    const winner = winningProposal(blackboard.proposals, consensus);
    const title = printable(pipeline.verdict ?? winner?.title ?? consensus.proposal_id);
    const dissent = consensus.minority_report.map(
      ({ seat, vote }) => `${seat} ${vote === 'reject' ? 'rejects' : 'abstains'}`,
    );
    const agreement = `${listed(consensus.approvals)} agree in round ${pipeline.round}`;
    return `${style.good('✔ Verdict:')} ${style.strong(title)} ${style.faint(`(${[agreement, ...dissent].join('; ')})`)}`;
  }
  if (pipeline.state === 'COMPLETED') {
    const partial =
      pipeline.reason === 'partial_accepted'
        ? ` ${style.caution('(without consensus, accepted by a person)')}`
        : '';
    return `${style.good('✔ Completed:')} ${style.strong(printable(pipeline.verdict ?? reasonOf(pipeline)))}${partial}`;
  }
  if (pipeline.exit_code === EXIT_CODES.handed_over) {
    return `${style.caution('▲ Handed over:')} ${style.strong(reasonOf(pipeline))}; ${pipeline.successor_id ?? 'its successor'} goes on`;
  }
  if (pipeline.exit_code === EXIT_CODES.consensus_failure) {
    const waiting = WAITING[pipeline.waiting_for ?? ''] ?? '';
    return `${style.caution('▲ No verdict:')} ${style.strong(reasonOf({ ...pipeline, reason: pipeline.reason ?? 'consensus_failed' }))}${waiting}`;
  }
  if (pipeline.state === 'FAILED') {
    return `${style.bad('✘ Failed:')} ${style.strong(printable(reasonOf(pipeline)))} ${style.faint(`(${pipeline.reason ?? 'unknown'})`)}`;
  }
  const detail = pipeline.waiting_detail ? `: ${printable(pipeline.waiting_detail)}` : '';
  const waits = pipeline.waiting_for ? `, waiting for ${pipeline.waiting_for}${detail}` : '';
  return `${style.live('● Running:')} ${pipeline.state}${waits}`;
}

export const winningProposal = (
  proposals: readonly Proposal[],
  verdict: { proposal_id: string; revision: number },
): Proposal | undefined =>
  proposals.find((one) => one.proposal_id === verdict.proposal_id && one.revision === verdict.revision);

/**
 * CLI-1, `--fail-on`: the findings that the verdict rests on, i.e. that share a cited passage with the winning proposal. A winner
 * that shares none with any finding is taken to rest on all of them, so that leaving citations out never makes a check pass.
 */
export function supportingFindings({ blackboard }: Orchestration): Finding[] {
  const { findings, proposals, consensus } = blackboard;
  const winner = consensus && winningProposal(proposals, consensus);
  if (!winner) return findings;
  const place = (citation: { source: string; locator: string }) => `${citation.source}\n${citation.locator}`;
  const cited = new Set(winner.citations.map(place));
  const shared = findings.filter((finding) =>
    finding.citations.some((citation) => cited.has(place(citation))),
  );
  return shared.length > 0 ? shared : findings;
}

export const failingFindings = (orchestration: Orchestration, floor: Severity): Finding[] =>
  supportingFindings(orchestration)
    .filter((finding) => atLeast(finding.severity, floor))
    .sort((a, b) => severityRank(b.severity) - severityRank(a.severity));

/** `3 critical, 2 high`, most severe first. */
export function severityCounts(findings: readonly Finding[]): string {
  const counts = new Map<Severity, number>();
  for (const { severity } of findings) counts.set(severity, (counts.get(severity) ?? 0) + 1);
  const parts = [...counts]
    .sort(([a], [b]) => severityRank(b) - severityRank(a))
    .map(([name, n]) => `${n} ${name}`);
  return parts.length > 0 ? parts.join(', ') : plural(0, 'finding');
}

export function severityWord(severity: Severity, style: Style): string {
  if (severity === 'critical' || severity === 'high') return style.bad(severity);
  return severity === 'medium' ? style.caution(severity) : style.faint(severity);
}
