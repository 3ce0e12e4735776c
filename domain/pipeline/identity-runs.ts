import type { IdentityRun } from '../governance/promotion.ts';
import { type Severity, severityRank } from '../governance/severity.ts';
import type { PipelineState } from './state.ts';

/** PROM-1: what this run says of each identity that took part in it; empty while it lives, and for identities that never spoke. */
export function identityRuns(state: PipelineState): ({ identity_id: string } & IdentityRun)[] {
  const { spawned, outcome } = state;
  if (!spawned?.identities || !outcome) return [];
  const roles = Object.entries(spawned.identities);
  return [...new Set(roles.map(([, id]) => id))].flatMap((identity_id) => {
    const own = new Set(roles.filter(([, id]) => id === identity_id).map(([role]) => role));
    const agents = Object.values(state.agents).filter((agent) => own.has(agent.role));
    const answered = agents.filter((agent) => agent.answered_by !== null);
    if (answered.length === 0) return [];
    const ids = new Set(agents.map((agent) => agent.agent_id));
    const violations = state.violations.filter((v) => v.agent_id !== null && ids.has(v.agent_id));
    const severities = violations.map((v) => v.severity);
    return [
      {
        identity_id,
        pipeline_id: spawned.pipeline_id,
        plan_sha256: spawned.plan_sha256,
        ended_at: Date.parse(outcome.at),
        real_model: answered.every((agent) => agent.answered_by?.provider !== 'embedded'),
        admitted_actions: Object.values(state.actions).filter(
          (a) => ids.has(a.request.agent_id) && a.decision?.decision === 'allow',
        ).length,
        violations: violations.length,
        high_violations: severities.filter((severity) => severity === 'high').length,
        worst: severities.reduce<Severity | null>(
          (worst, next) => (worst === null || severityRank(next) > severityRank(worst) ? next : worst),
          null,
        ),
      },
    ];
  });
}
