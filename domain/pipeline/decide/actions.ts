import { actionId } from '../../ids.ts';
import { hashJson } from '../../ledger/canonical.ts';
import type { ToolCall } from '../assignment.ts';
import { labelOrigins } from '../evolve/labels.ts';
import { liveAgent, type PipelineState } from '../state.ts';
import { admitCall } from './conduct.ts';
import type { Draft } from './draft.ts';
import { complete } from './ending.ts';
import { finishAction } from './outcomes.ts';

/** AGENT-5: what an agent asks for derives from all it has been shown, so it carries those origins. */
export function originsSeenBy(state: PipelineState, agentId: string): string[] {
  const documents = state.spawned?.documents.map((d) => d.origin as string) ?? [];
  const results = (state.agents[agentId]?.legs ?? [])
    .flat()
    .flatMap((id) => state.actions[id]?.outcome?.origin ?? []);
  const board = state.findings.flatMap((f) => f.origin);
  return [...new Set([...documents, ...results, ...board, ...labelOrigins(state.labels)])].sort();
}

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
  for (const call of wanted) {
    const allowed = admitCall(draft, agent_id);
    // An agent that is stopped for it asks for nothing more.
    if (draft.state.agents[agent_id]?.status !== 'live' || draft.state.outcome) return;
    const action_id = requestAction(draft, agent_id, turn_step_id, call);
    if (allowed.ok) carryOut(draft, agent_id, action_id);
    else if (allowed.error.code === 'rate_limited') refused.push([action_id, tooMany(allowed.error)]);
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
    complete(draft, 'consensus_reached');
    return;
  }
  const action_id = requestAction(draft, author, null, {
    call_id: '',
    tool: next.tool,
    target: next.target,
    arguments: parseArguments(next.arguments),
  });
  carryOut(draft, author, action_id);
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
