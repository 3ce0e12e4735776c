import { hashJson } from '#domain/ledger/canonical.ts';
import { isoTime } from '#domain/pipeline/command.ts';
import { approvalOf } from '#domain/pipeline/decide/approvals.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { type ActionState, type Approval, isOpen, type PipelineState } from '#domain/pipeline/state.ts';
import type { AgentCaller, AskedAction } from './agents.ts';
import { NotSpawnedError } from './views.ts';

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

function statusOf(state: PipelineState, { outcome, unknown, decision }: ActionState): AskedAction['status'] {
  if (outcome) return outcome.status;
  if (unknown) return 'unknown';
  if (state.outcome) return 'cancelled';
  if (decision?.decision === 'require_approval') return 'waiting_approval';
  return decision?.decision === 'allow' ? 'allowed' : 'requested';
}

/** Until when a person is waited for, or the outcome is to be told. */
function expiryOf(action: ActionState, approval: Approval | undefined): string | null {
  if (approval?.status === 'pending') return approval.expires_at;
  const { decided_at } = action;
  return isOpen(action) && decided_at ? isoTime(Date.parse(decided_at) + CLOCKS.outcome_report) : null;
}

/** API.md: what an outside agent is told about what it asked for. */
export function toAskedAction(state: PipelineState, action: ActionState): AskedAction {
  const { action_id, request, decision, outcome } = action;
  const approval = approvalOf(state, action_id);
  return {
    action_id,
    pipeline_id: state.spawned?.pipeline_id ?? '',
    decision: decision?.decision ?? null,
    status: statusOf(state, action),
    action_sha256: request.action_sha256,
    policy: decision && {
      version: decision.policy_version,
      sha256: decision.policy_sha256 ?? hashJson(decision.policy_version),
      determining: decision.determining,
    },
    reason: decision?.reason ?? null,
    remedy: decision?.remedy ?? null,
    approval_id: approval?.approval_id ?? null,
    enforcement: request.outside?.enforcement ?? 'enforced',
    ...(outcome?.result != null && outcome.status !== 'denied' ? { result: parsed(outcome.result) } : {}),
    error: outcome?.error ?? null,
    expires_at: expiryOf(action, approval),
  };
}

/**
 * Whose session this is; null when no live agent of the pipeline has it. `over`: one of an agent that was stopped, or of a run that has
 * ended, will do, for as long as an outcome is waited for after the session's own end.
 */
export function agentBySession(
  state: PipelineState,
  now: number,
  isTheirs: (hash: string) => boolean,
  over = false,
): AgentCaller | null {
  if (!state.spawned) throw new NotSpawnedError('a pipeline without events has no agents');
  const agent = Object.values(state.agents).find((a) => a.session && isTheirs(a.session.hash));
  if (!agent?.session) return null;
  if (!over && (agent.status !== 'live' || state.outcome)) return null;
  const grace = over ? CLOCKS.outcome_report : 0;
  if (Date.parse(agent.session.expires_at) + grace <= now) return null;
  const { tenant, pipeline_id, project_id } = state.spawned;
  const { name, framework, expires_at, tools } = agent.session;
  const { agent_id, tier } = agent;
  return { tenant, pipeline_id, project_id, agent_id, name, framework, tier, expires_at, tools };
}
