import { isSolo } from '../../agents/roles.ts';
import type { DomainError } from '../../errors.ts';
import { inWindow, LIMITS_OF_CONDUCT } from '../../governance/windows.ts';
import { pipelineIdFor } from '../../ids.ts';
import { err, ok, type Result } from '../../result.ts';
import { isoTime } from '../command.ts';
import type { Draft } from './draft.ts';
import { failPipeline, recordViolation } from './ending.ts';
import { revokeAgent } from './operate.ts';

const { window, errors, calls, agent_errors, same_errors } = LIMITS_OF_CONDUCT;

/**
 * An agent's own error is on record: whether it was one too many. ENF-1 looks at the pipeline and comes first, ENF-5 at the agent. True
 * when it ended the step's work.
 */
export function judgeErrors(draft: Draft, agent_id: string, code: string): boolean {
  if (draft.state.outcome || draft.state.recovery) return false;
  return tooManyErrors(draft) || budgetSpent(draft, agent_id, code);
}

/** ENF-1: the run is stopped, and one DIAGNOSTIC pipeline reads what happened; a DIAGNOSTIC has none. */
function tooManyErrors(draft: Draft): boolean {
  const count = inWindow(draft.state.agent_errors, draft.context.now);
  if (count <= errors) return false;
  const evidence = `${count} errors of its agents within ${window / 1_000} s; ${errors} are allowed`;
  recordViolation(draft, {
    agent_id: null,
    rule: 'error_rate',
    severity: 'high',
    evidence,
    consequence: 'pipeline stopped, all tokens revoked',
  });
  failPipeline(draft, 'error_rate', evidence);
  const { spawned } = draft.state;
  if (spawned && spawned.mode !== 'diagnostic') {
    const pipeline_id = pipelineIdFor(spawned.tenant, `diagnostic of ${spawned.pipeline_id}`);
    draft.schedule({ kind: 'spawn_diagnostic', pipeline_id });
  }
  return true;
}

/** ENF-5: what the agent was doing stops, with the reason; the others go on. An agent that works alone takes the run with it. */
function budgetSpent(draft: Draft, agent_id: string, code: string): boolean {
  const agent = draft.state.agents[agent_id];
  if (agent?.status !== 'live') return false;
  const same = agent.error_codes[code] ?? 0;
  const spent =
    same >= same_errors
      ? `${same} errors of the kind ${code}`
      : agent.errors >= agent_errors
        ? `${agent.errors} errors`
        : null;
  if (spent === null) return false;
  const reason = `the error budget of ${agent.role} is spent: ${spent}`;
  if (isSolo(agent.role)) failPipeline(draft, 'error_budget_spent', reason);
  else revokeAgent(draft, agent_id, reason, 'failure');
  return true;
}

/**
 * ENF-4: may the agent make one more call? The 101st within 60 s is refused until the window has room; the first refusal is on record.
 * An agent that is refused again in the second minute after that loses its token.
 */
export function admitCall(draft: Draft, agent_id: string): Result<void, DomainError> {
  const agent = draft.state.agents[agent_id];
  const { now } = draft.context;
  if (!agent || inWindow(agent.calls, now) < calls) return ok(undefined);
  const oldest = agent.calls.at(-calls) ?? now;
  const until = oldest + window;
  const since = agent.throttled_at;
  if (since !== null && now - since >= window && now - since < 2 * window) {
    const evidence = `more than ${calls} calls within ${window / 1_000} s, for a second minute`;
    recordViolation(draft, {
      agent_id,
      rule: 'call_rate',
      severity: 'high',
      evidence,
      consequence: 'agent’s token revoked',
    });
    if (isSolo(agent.role)) failPipeline(draft, 'call_rate', evidence);
    else revokeAgent(draft, agent_id, evidence);
  } else if (since === null || now - since >= 2 * window) {
    draft.emit('agent_throttled', { agent_id, calls, until: isoTime(until) });
  }
  return err({
    code: 'rate_limited',
    detail: `This agent has made ${calls} calls within ${window / 1_000} s.`,
    retry_after_s: Math.max(1, Math.ceil((until - now) / 1_000)),
  });
}
