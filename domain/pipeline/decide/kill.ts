import type { DomainError } from '../../errors.ts';
import { isCurrent, type Kill, type Permit } from '../../governance/permit.ts';
import { killId } from '../../ids.ts';
import { err, ok, type Result } from '../../result.ts';
import type { Command } from '../command.ts';
import type { StepKind } from '../event.ts';
import type { Draft } from './draft.ts';
import { failPipeline, OUTLIVES } from './ending.ts';
import { revokeAgent } from './operate.ts';

/** ENF-6: what belongs to a pipeline's end goes on without a permit; everything else takes one. */
export const needsPermit = (kind: StepKind): boolean => !OUTLIVES.includes(kind);

/**
 * Why nothing may be begun now; null when it may. A switch that the permit carries is thrown here too, whether or not it was pushed: from
 * this commit on the gate is closed.
 */
export function refusedByPermit(draft: Draft, permit: Permit | null): string | null {
  if (!isCurrent(permit, draft.context.now))
    return 'there is no permit: the tenant’s control object cannot be asked';
  if (!permit.killed) return null;
  throwSwitch(draft, permit.killed);
  return `stopped: ${permit.killed.reason}`;
}

/** Throwing the same switch again changes nothing. */
function throwSwitch(draft: Draft, kill: Kill): void {
  const known = draft.state.kills.some((k) => k.kill_id === kill.kill_id);
  if (known || draft.state.outcome) return;
  draft.emit('kill_switch_thrown', kill);
  if (kill.scope === 'agent') revokeAgent(draft, kill.id, kill.reason);
  else failPipeline(draft, 'killed', `${kill.scope} ${kill.id}: ${kill.reason}`);
}

/** ENF-6: from above, or of this pipeline or one of its agents. */
export function kill(
  draft: Draft,
  { kill: above, agent_id, reason }: Extract<Command, { kind: 'kill' }>,
): Result<undefined, DomainError> {
  const { outcome, state, agents, kills } = draft.state;
  if (above) {
    throwSwitch(draft, above);
    return ok(undefined);
  }
  if (agent_id !== null && !agents[agent_id]) return err({ code: 'not_found', what: `agent ${agent_id}` });
  if (outcome)
    return err({ code: 'pipeline_ended', state, detail: `It ended ${outcome.at}: ${outcome.reason}.` });
  throwSwitch(draft, {
    kill_id: killId(draft.pipelineId, kills.length + 1),
    scope: agent_id === null ? 'pipeline' : 'agent',
    id: agent_id ?? draft.pipelineId,
    reason,
    by: draft.context.actor,
    at: draft.at,
  });
  return ok(undefined);
}
