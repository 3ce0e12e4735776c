import { isOurs } from '../../agents/roles.ts';
import type { DomainError } from '../../errors.ts';
import { isCurrent, type Kill, type Permit } from '../../governance/permit.ts';
import { killId } from '../../ids.ts';
import { err, ok, type Result } from '../../result.ts';
import { type Command, isPerson } from '../command.ts';
import type { StepKind } from '../event/steps.ts';
import { type KillState, liveAgent, type PipelineState, type StepState } from '../state.ts';
import { spawnAgent } from './agents.ts';
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

/** REC-3: a run that is over may still have its successor to spawn; a switch that is thrown first keeps it from coming. */
const pendingSuccessor = (draft: Draft): StepState | undefined =>
  Object.values(draft.state.steps).find((s) => s.work.kind === 'spawn_successor');

/** Throwing the same switch again changes nothing. */
function throwSwitch(draft: Draft, kill: Kill): void {
  if (draft.state.kills.some((k) => k.kill_id === kill.kill_id)) return;
  const successor = pendingSuccessor(draft);
  if (draft.state.outcome && !successor) return;
  draft.emit('kill_switch_thrown', kill);
  if (successor) {
    draft.emit('step_cancelled', { step_id: successor.step_id, reason: `stopped: ${kill.reason}` });
    return;
  }
  if (kill.scope === 'agent') revokeAgent(draft, kill.id, kill.reason);
  else failPipeline(draft, 'killed', `${kill.scope} ${kill.id}: ${kill.reason}`);
}

/** The switch that stands on an agent, or (null) on the pipeline itself. */
export const standingSwitch = (state: PipelineState, agent_id: string | null): KillState | undefined =>
  state.kills.findLast(
    (k) =>
      k.lifted_at === null &&
      (agent_id === null ? k.scope === 'pipeline' : k.scope === 'agent' && k.id === agent_id),
  );

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
  // Stop that is pressed twice is answered with the switch that stands, as above the pipeline.
  if (standingSwitch(draft.state, agent_id)) return ok(undefined);
  if (outcome && (agent_id !== null || !pendingSuccessor(draft)))
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

/**
 * ENF-6, TEN-5: a person takes a switch of this pipeline back. What it stopped stays stopped: an agent's seat is given to a new agent,
 * a pipeline may be forked again.
 */
export function lift(
  draft: Draft,
  { kill_id, reason }: Extract<Command, { kind: 'lift' }>,
): Result<undefined, DomainError> {
  const thrown = draft.state.kills.find((k) => k.kill_id === kill_id);
  if (!thrown) return err({ code: 'not_found', what: `kill switch ${kill_id}` });
  if (!isPerson(draft.context.actor))
    return err({ code: 'person_needed', detail: 'Only a person lifts a kill switch.' });
  if (thrown.lifted_at !== null) return ok(undefined);
  draft.emit('kill_switch_lifted', { kill_id, reason });
  const agent = thrown.scope === 'agent' ? draft.state.agents[thrown.id] : undefined;
  if (!agent || draft.state.outcome || draft.state.failure || draft.state.recovery) return ok(undefined);
  // An outside agent registers anew (GOV-7): its session died with the switch.
  if (!isOurs(agent.role)) return ok(undefined);
  const vacant = agent.generation === draft.state.generation && !liveAgent(draft.state, agent.role);
  if (vacant)
    spawnAgent(draft, agent.role, `takes the seat of ${agent.agent_id}, whose kill switch was lifted`);
  return ok(undefined);
}
