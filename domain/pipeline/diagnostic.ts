import { hashJson } from '../ledger/canonical.ts';
import { DEFAULT_LIMITS } from '../plan/limits.ts';
import type { DiagnosticAssignment } from './assignment.ts';
import type { PipelineState } from './state.ts';

/** What a diagnosis may use: it reads one document and answers once. */
const LIMITS = { ...DEFAULT_LIMITS, deadline_s: 900, steps: 40, tokens: 400_000, actions: 20 };
/** Of each list, the newest; the document stays far below a row. */
const SHOWN = 60;

/** ENF-1: the failed run as its DIAGNOSTIC reads it: what was done, by whom, and what went wrong, without the texts of its documents. */
export function diagnosticFor(state: PipelineState, pipeline_id: string): DiagnosticAssignment | null {
  const { spawned, outcome } = state;
  if (!spawned || !outcome) return null;
  const objective = `Why did the run ${spawned.pipeline_id} of the plan ${spawned.plan_name} fail with ${outcome.reason}, what failed first, and what would prevent it?`;
  const read = {
    pipeline_id: spawned.pipeline_id,
    plan: `${spawned.plan_name} ${spawned.plan_version}`,
    objective: spawned.objective,
    outcome,
    tier: state.tier,
    usage: state.usage,
    limits: spawned.limits,
    agents: Object.values(state.agents).map(
      ({ agent_id, role, status, errors, error_codes, tokens, answered_by, reason }) => ({
        ...{ agent_id, role, status, errors, error_codes, tokens, answered_by },
        spawned_because: reason,
      }),
    ),
    violations: state.violations.slice(-SHOWN),
    errors: state.progress.filter(({ note }) => /^\w+: /.test(note)).slice(-SHOWN),
    actions: Object.values(state.actions)
      .slice(-SHOWN)
      .map(({ action_id, request, decision, outcome: end, unknown }) => ({
        action_id,
        tool: request.tool,
        target: request.target,
        decision: decision?.decision ?? null,
        reason: decision?.reason ?? null,
        status: end?.status ?? (unknown ? 'unknown' : 'open'),
        error: end?.error ?? null,
      })),
    log: state.log.slice(-SHOWN).map(({ at, level, source, message }) => ({ at, level, source, message })),
  };
  const plan = {
    plan_id: 'plan_diagnostic',
    name: `diagnosis-of-${spawned.plan_name}`,
    version: '1.0.0',
    sha256: hashJson({ diagnostic_of: spawned.pipeline_id }),
    objective,
    tier: 0 as const,
    models: spawned.models,
    misbehave: [],
    limits: LIMITS,
    stages: [],
  };
  return { pipeline_id, plan, text: JSON.stringify(read, null, 1) };
}
