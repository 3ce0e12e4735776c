import type { ToolTraits } from '#domain/governance/gate.ts';
import type { Decision, GateDecision } from '#domain/pipeline/event/actions.ts';
import type { EventBodies } from '#domain/pipeline/event.ts';
import type { Gate, TenantPolicies } from './gate.ts';

/** An action as the ledger has it: what was asked, and how it was judged then. */
export interface Recorded {
  tenant: string;
  project_id: string;
  pipeline_id: string;
  at: string;
  request: EventBodies['action_requested'];
  decision: GateDecision;
  outside_tool?: ToolTraits | null;
}

export interface Change {
  action_id: string;
  pipeline_id: string;
  at: string;
  tool: string;
  target: string;
  /** `stricter`: more is refused or asked for than was; `looser`: less. */
  direction: 'stricter' | 'looser';
  was: { decision: Decision; determining: string[]; policy_version: string };
  would_be: { decision: Decision; determining: string[]; reason: string; remedy: string | null };
}

const STRICTNESS: Record<Decision, number> = { allow: 0, require_approval: 1, deny: 2 };

/**
 * GOV-4: an action judged again, under other policies and the same facts; null when nothing would change. Enforced on both sides, so that a
 * project that only observes shows what enforcing would do. Records without the facts they were judged on are older than these, and undefined.
 */
export function replayUnder(
  gate: Gate,
  own: TenantPolicies | null,
  record: Recorded,
): Change | null | undefined {
  const { request, decision } = record;
  const { judged } = decision;
  if (!judged) return undefined;
  const now = gate.judgeUnder(
    {
      version: 0,
      tenant: record.tenant,
      project_id: record.project_id,
      agent_id: request.agent_id,
      role: judged.role as 'OUTSIDE',
      tier: judged.tier,
      tool: request.tool,
      arguments: request.arguments,
      target: request.target,
      origin: request.origin,
      actions_left: judged.actions_left,
      gate_closed: false,
      labels: judged.labels,
      plan_asks: judged.plan_asks ?? false,
      approved_under: judged.approved ? gate.versionOf(own).sha256 : null,
      policy: gate.versionOf(own).tenant_policy,
      mode: 'enforce',
      outside_tool: record.outside_tool ?? null,
    },
    own,
  );
  const was = decision.observed ?? decision;
  if (was.decision === now.decision) return null;
  return {
    action_id: request.action_id,
    pipeline_id: record.pipeline_id,
    at: record.at,
    tool: request.tool,
    target: request.target,
    direction: STRICTNESS[now.decision] > STRICTNESS[was.decision] ? 'stricter' : 'looser',
    was: {
      decision: was.decision,
      determining: was.determining,
      policy_version: decision.policy_version,
    },
    would_be: {
      decision: now.decision,
      determining: now.determining,
      reason: now.reason,
      remedy: now.remedy,
    },
  };
}
