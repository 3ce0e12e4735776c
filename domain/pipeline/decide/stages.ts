import type { Role } from '../../agents/roles.ts';
import { MEDIATION } from '../rules.ts';
import { liveAgent } from '../state.ts';
import { spawnAgent } from './agents.ts';
import type { Draft } from './draft.ts';
import { callMediator, startRound } from './rounds.ts';

/** PIPE-3. */
export function enterRunning(draft: Draft): void {
  draft.emit('state_entered', { state: 'RUNNING' });
  spawnAgent(draft, 'PLANNER', 'every run begins with a plan');
}

/** PIPE-4: on with it, or wait for a person. */
export function enterReport(draft: Draft): void {
  draft.emit('state_entered', { state: 'REPORT' });
  if (draft.state.continued) enterOrchestrating(draft);
  else draft.emit('waiting_began', { for: 'continue' });
}

/** PIPE-5. When the planner finds the task complex (CONS-5), GAMMA is called during round 1, so that it has something to read in round 2. */
export function enterOrchestrating(draft: Draft): void {
  draft.emit('state_entered', { state: 'ORCHESTRATING' });
  spawnAgent(draft, 'ALPHA', 'research');
  spawnAgent(draft, 'BETA', 'synthesis');
  startRound(draft, 1);
  const complexity = draft.state.report?.complexity ?? 0;
  if (complexity > MEDIATION.complexity_above) {
    callMediator(draft, 'complexity', `complexity ${complexity} is above ${MEDIATION.complexity_above}`);
  }
}

/** A new token: the planner starts, a seat joins the round that waits for it. */
export function agentReady(draft: Draft, id: string): void {
  const agent = draft.state.agents[id];
  if (agent?.status !== 'live') return;
  if (agent.role === 'PLANNER') {
    draft.schedule({ kind: 'agent_turn', agent_id: id, round: 0, leg: 1 });
    return;
  }
  const round = draft.state.round;
  const seated = round && !round.closed && (round.electorate as readonly Role[]).includes(agent.role);
  if (seated && liveAgent(draft.state, agent.role)?.agent_id === id) {
    draft.schedule({ kind: 'agent_turn', agent_id: id, round: round.round, leg: 1 });
  }
}
