import { actionId } from '../../ids.ts';
import { hashJson } from '../../ledger/canonical.ts';
import type { ToolCall } from '../assignment.ts';
import { labelOrigins } from '../evolve/labels.ts';
import { liveAgent, type PipelineState } from '../state.ts';
import type { Draft } from './draft.ts';
import { complete } from './ending.ts';

/** AGENT-5: what an agent asks for derives from all it has been shown, so it carries those origins. */
export function originsSeenBy(state: PipelineState, agentId: string): string[] {
  const documents = state.spawned?.documents.map((d) => d.origin as string) ?? [];
  const results = (state.agents[agentId]?.legs ?? [])
    .flat()
    .flatMap((id) => state.actions[id]?.outcome?.origin ?? []);
  const board = state.findings.flatMap((f) => f.origin);
  return [...new Set([...documents, ...results, ...board, ...labelOrigins(state.labels)])].sort();
}

/** An action is asked for: it waits as a step of its own until a worker has it judged (GOV-2). */
export function requestAction(
  draft: Draft,
  agent_id: string,
  turn_step_id: string | null,
  call: ToolCall,
): void {
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
  draft.schedule({ kind: 'action', agent_id, action_id: id });
}

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
  requestAction(draft, author, null, {
    call_id: '',
    tool: next.tool,
    target: next.target,
    arguments: parseArguments(next.arguments),
  });
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
