import { hashJson } from '../ledger/canonical.ts';
import { type Severity, severityRank } from './severity.ts';
import type { Tier } from './tier.ts';

/** PROM-1: what earns a tier. Another prompt, tool list or model is another identity, and earns its own. */
export interface AgentIdentity {
  template: string;
  version: string;
  role: string;
  /** For people; `model_sha256` is what counts. */
  model: string;
  prompt_sha256: string;
  tools_sha256: string;
  model_sha256: string;
}

/** Within a tenant: the same agent in another tenant has another id, and starts anew. */
export const identityIdOf = (tenant: string, { model: _, ...identity }: AgentIdentity): string =>
  `aid_${hashJson({ tenant, ...identity }).slice(0, 20)}`;

/** What one ended run says of one identity. */
export interface IdentityRun {
  pipeline_id: string;
  plan_sha256: string;
  /** ms since the epoch. */
  ended_at: number;
  /** RUN-5: the embedded model proves nothing, good or bad. */
  real_model: boolean;
  admitted_actions: number;
  violations: number;
  high_violations: number;
  worst: Severity | null;
}

export interface Standing {
  tier: Tier;
  suspended: boolean;
  /** ms since the epoch: what was earned before a change of tier counts no more. */
  since: number;
}

export const PROMOTION = {
  0: { compliant: 5, in_a_row: 3, clean_days: 0, person: false },
  1: { compliant: 10, in_a_row: 5, clean_days: 30, person: true },
} as const;
export const DEMOTION = { high: 3, days: 7 } as const;

const DAY = 86_400_000;

export interface Progress {
  /** null: there is no higher tier, or the identity is suspended. */
  to: Tier | null;
  compliant: number;
  compliant_needed: number;
  in_a_row: number;
  in_a_row_needed: number;
  /** Whole days without a violation; null where none are asked for. */
  clean_days: number | null;
  clean_days_needed: number;
  /** The rule is met; `person_needed`: and a person decides. */
  met: boolean;
  person_needed: boolean;
  /** The compliant runs that justify it, oldest first. */
  runs: string[];
}

/** Harmless, and still something that a run is judged by: LOW violations count like none. */
const clean = (run: IdentityRun): boolean =>
  run.worst === null || severityRank(run.worst) <= severityRank('low');

/**
 * PROM-1: compliant is a run of a plan that has not counted yet, by a real model, with an admitted action and no violation above LOW.
 * Another clean run of the same plan neither counts nor breaks the row; everything else that is not compliant breaks it.
 */
function rowsOf(runs: readonly IdentityRun[]): { counted: IdentityRun[]; in_a_row: number } {
  const plans = new Set<string>();
  const counted: IdentityRun[] = [];
  let in_a_row = 0;
  for (const run of runs) {
    const good = run.admitted_actions > 0 && clean(run);
    if (good && plans.has(run.plan_sha256)) continue;
    in_a_row = good ? in_a_row + 1 : 0;
    if (!good) continue;
    plans.add(run.plan_sha256);
    counted.push(run);
  }
  return { counted, in_a_row };
}

const inOrder = (runs: readonly IdentityRun[]): IdentityRun[] =>
  runs
    .filter((run) => run.real_model)
    .sort((a, b) => a.ended_at - b.ended_at || (a.pipeline_id < b.pipeline_id ? -1 : 1));

/** How far an identity is on its way up. Pure. */
export function progressOf(
  { tier, suspended, since }: Standing,
  runs: readonly IdentityRun[],
  now: number,
): Progress {
  const all = inOrder(runs);
  const { counted, in_a_row } = rowsOf(all.filter((run) => run.ended_at >= since));
  const rule = tier === 2 || suspended ? null : PROMOTION[tier];
  const last = all.findLast((run) => run.violations > 0)?.ended_at ?? since;
  const clean_days = Math.floor((now - Math.max(last, since)) / DAY);
  return {
    to: rule ? ((tier + 1) as Tier) : null,
    compliant: counted.length,
    compliant_needed: rule?.compliant ?? 0,
    in_a_row,
    in_a_row_needed: rule?.in_a_row ?? 0,
    clean_days: rule && rule.clean_days > 0 ? clean_days : null,
    clean_days_needed: rule?.clean_days ?? 0,
    met:
      rule !== null &&
      counted.length >= rule.compliant &&
      in_a_row >= rule.in_a_row &&
      (rule.clean_days === 0 || clean_days >= rule.clean_days),
    person_needed: rule?.person ?? false,
    runs: counted.map((run) => run.pipeline_id),
  };
}

export interface TierChange {
  rule: 'earned' | 'critical_violation' | 'high_violations';
  to: Tier;
  suspended: boolean;
  reason: string;
  runs: string[];
}

/** PROM-1, PROM-2: what the rules make of it when a run has ended; null: nothing changes by itself. */
export function tierChange(standing: Standing, runs: readonly IdentityRun[], now: number): TierChange | null {
  const since = inOrder(runs).filter((run) => run.ended_at >= standing.since);
  const critical = since.filter((run) => run.worst === 'critical');
  if (critical.length > 0 && !standing.suspended)
    return {
      rule: 'critical_violation',
      to: 0,
      suspended: true,
      reason: 'A CRITICAL violation takes the tier away and suspends the agent.',
      runs: critical.map((run) => run.pipeline_id),
    };
  const lately = since.filter((run) => run.high_violations > 0 && run.ended_at > now - DEMOTION.days * DAY);
  const high = lately.reduce((sum, run) => sum + run.high_violations, 0);
  if (high >= DEMOTION.high && standing.tier > 0)
    return {
      rule: 'high_violations',
      to: (standing.tier - 1) as Tier,
      suspended: standing.suspended,
      reason: `${high} HIGH violations in ${DEMOTION.days} days take one tier away.`,
      runs: lately.map((run) => run.pipeline_id),
    };
  const progress = progressOf(standing, runs, now);
  if (!progress.met || progress.to === null || progress.person_needed) return null;
  return {
    rule: 'earned',
    to: progress.to,
    suspended: false,
    reason: `${progress.compliant} compliant runs, the last ${progress.in_a_row} in a row.`,
    runs: progress.runs,
  };
}
