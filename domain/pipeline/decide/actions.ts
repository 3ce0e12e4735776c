import { actionId } from '../../ids.ts';
import { hashJson } from '../../ledger/canonical.ts';
import type { ToolCall } from '../assignment.ts';
import { doneBefore } from '../done.ts';
import { originsSeenBy } from '../origins.ts';
import { liveAgent } from '../state.ts';
import { admitCall } from './conduct.ts';
import type { Draft } from './draft.ts';
import { complete } from './ending.ts';
import { finishAction } from './outcomes.ts';

/** An action is asked for. */
function requestAction(draft: Draft, agent_id: string, turn_step_id: string | null, call: ToolCall): string {
  const id = actionId(draft.pipelineId, draft.state.counts.actions + 1);
  const { tool, target } = call;
  draft.emit('action_requested', {
    action_id: id,
    agent_id,
    turn_step_id,
    call_id: turn_step_id === null ? null : call.call_id,
    tool,
    arguments: call.arguments,
    target,
    action_sha256: hashJson({ agent_id, tool, arguments: call.arguments, target }),
    origin: originsSeenBy(draft.state, agent_id),
  });
  return id;
}

const carryOut = (draft: Draft, agent_id: string, action_id: string): void =>
  draft.schedule({ kind: 'action', agent_id, action_id });

/**
 * PIPE-7, REC-3: what an earlier run did is told instead of done again; what it may have done waits for a person (REC-6). False: nobody
 * has done it.
 */
function tellIfDone(draft: Draft, action_id: string): boolean {
  const action = draft.state.actions[action_id];
  const before = action && doneBefore(draft.state, action.request);
  if (!before) return false;
  if (before.status === 'unknown') {
    const why = `an earlier run may have done it as ${before.action_id}, and nobody knows whether it did`;
    draft.emit('action_unknown', { action_id, why });
  } else {
    const told = { already_done: true, by: before.action_id };
    finishAction(draft, action_id, 'succeeded', JSON.stringify(told), null);
  }
  return true;
}

/**
 * The calls of one answer form a leg. Each waits as a step of its own until a worker has it judged (GOV-2); one too many in a minute is
 * answered with a refusal (ENF-4), after all have been asked for, so that the leg is whole before it can be over.
 */
export function requestCalls(
  draft: Draft,
  agent_id: string,
  turn_step_id: string,
  wanted: readonly ToolCall[],
): void {
  const refused: [string, string][] = [];
  const admitted: string[] = [];
  for (const call of wanted) {
    const allowed = admitCall(draft, agent_id);
    // An agent that is stopped for it asks for nothing more.
    if (draft.state.agents[agent_id]?.status !== 'live' || draft.state.outcome) return;
    const action_id = requestAction(draft, agent_id, turn_step_id, call);
    if (allowed.ok) admitted.push(action_id);
    else if (allowed.error.code === 'rate_limited') refused.push([action_id, tooMany(allowed.error)]);
  }
  for (const action_id of admitted) {
    if (!tellIfDone(draft, action_id)) carryOut(draft, agent_id, action_id);
  }
  for (const [action_id, result] of refused)
    finishAction(draft, action_id, 'denied', result, 'too many calls in a minute');
}

const tooMany = ({ detail, retry_after_s }: { detail: string; retry_after_s: number }): string =>
  JSON.stringify({
    denied: true,
    rule: 'call_rate',
    reason: detail,
    remedy: `Answer with what is known, or call again in ${retry_after_s} s.`,
    retry_after_s,
  });

/** PIPE-5: the winner's actions run through the gate with its author's token, one after another; then the run is complete. */
export function runWinningActions(draft: Draft): void {
  const { verdict } = draft.state;
  const won = draft.state.proposals.find(
    (p) => p.proposal_id === verdict?.proposal_id && p.revision === verdict.revision,
  );
  const asked = Object.values(draft.state.actions).filter((a) => a.request.turn_step_id === null);
  const next = won?.actions[asked.length];
  const author =
    won &&
    (draft.state.agents[won.agent_id]?.status === 'live'
      ? won.agent_id
      : liveAgent(draft.state, won.author)?.agent_id);
  if (asked.some((a) => a.outcome === null)) return;
  if (!next || !author) {
    const wanted = won?.actions.length ?? 0;
    const done = asked.filter((a) => a.outcome?.status === 'succeeded').length;
    const short = `${wanted - done} of the ${wanted} actions of the verdict were not carried out.`;
    complete(draft, 'consensus_reached', done < wanted ? short : null);
    return;
  }
  const action_id = requestAction(draft, author, null, {
    call_id: '',
    tool: next.tool,
    target: next.target,
    arguments: parseArguments(next.arguments),
  });
  if (!tellIfDone(draft, action_id)) carryOut(draft, author, action_id);
}

/** Models write arguments as JSON text; what is not an object is kept as it is for the gate to refuse. */
function parseArguments(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // falls through: unparsable arguments are shown to the gate as they are
  }
  return { unparsed: text };
}
