import type { PlannerReport } from '../../agents/output.ts';
import { isSeat, isSolo } from '../../agents/roles.ts';
import { severityRank } from '../../governance/severity.ts';
import { bugId } from '../../ids.ts';
import { MEDIATION } from '../rules.ts';
import { liveAgent } from '../state.ts';
import { spawnAgent } from './agents.ts';
import type { Draft } from './draft.ts';
import { complete } from './ending.ts';
import { callMediator, roundsBefore, startRound } from './rounds.ts';

/** Characters of a bug's title. */
const BUG_TITLE = 200;

/** PIPE-3. */
export function enterRunning(draft: Draft): void {
  draft.emit('state_entered', { state: 'RUNNING' });
  if (draft.state.spawned?.mode === 'diagnostic')
    spawnAgent(draft, 'DIAGNOSTIC', 'reads a run that was stopped');
  else spawnAgent(draft, 'PLANNER', 'every run begins with a plan');
}

/** PIPE-4: on with it, or wait for a person. */
export function enterReport(draft: Draft): void {
  draft.emit('state_entered', { state: 'REPORT' });
  if (draft.state.continued) enterOrchestrating(draft);
  else draft.emit('waiting_began', { for: 'continue' });
}

/** ENF-1: the diagnosis is a report and a bug; then the run is over. */
export function diagnosed(draft: Draft, agent_id: string, report: PlannerReport): void {
  draft.emit('state_entered', { state: 'REPORT' });
  const worst = [...report.risks].sort((a, b) => severityRank(b.severity) - severityRank(a.severity))[0];
  draft.emit('bug_filed', {
    bug_id: bugId(draft.pipelineId, draft.state.bugs.length + 1),
    about: draft.state.spawned?.diagnoses ?? '',
    agent_id,
    severity: worst?.severity ?? 'medium',
    title: (worst?.title ?? report.summary).slice(0, BUG_TITLE),
    body: [report.summary, ...report.tasks.map(({ title, detail }) => `- ${title}: ${detail}`)].join('\n'),
    citations: worst?.citations ?? [],
  });
  complete(draft, 'diagnosed');
}

/** PIPE-5. */
export function enterOrchestrating(draft: Draft): void {
  draft.emit('state_entered', { state: 'ORCHESTRATING' });
  beginOrchestration(draft);
}

/**
 * The seats of a generation take their places. GAMMA is among them from the start in a successor and when a person asked for it;
 * when the planner finds the task complex (CONS-5) it is called during round 1, so that it has something to read in round 2.
 */
function beginOrchestration(draft: Draft): void {
  spawnAgent(draft, 'ALPHA', 'research');
  spawnAgent(draft, 'BETA', 'synthesis');
  if (draft.state.mediation) {
    spawnAgent(draft, 'GAMMA', `${draft.state.mediation.trigger}: ${draft.state.mediation.detail}`);
  }
  startRound(draft, roundsBefore(draft.state) + 1);
  const complexity = draft.state.report?.complexity ?? 0;
  if (complexity > MEDIATION.complexity_above) {
    callMediator(draft, 'complexity', `complexity ${complexity} is above ${MEDIATION.complexity_above}`);
  }
}

/** A login is done: on with whatever waited for it. */
export function loggedIn(draft: Draft): void {
  const { state, spawned, report, continued, round } = draft.state;
  if (state === 'SPAWN' && report) {
    // A fork takes its source's report along; it is not written a second time.
    draft.emit('state_entered', { state: 'RUNNING' });
    enterReport(draft);
  } else if (state === 'SPAWN' && spawned?.mode === 'external') {
    // GOV-7: its agents run elsewhere and come by themselves.
    draft.emit('state_entered', { state: 'RUNNING' });
  } else if (state === 'SPAWN') enterRunning(draft);
  else if (state === 'REPORT' && continued) enterOrchestrating(draft);
  else if (state === 'ORCHESTRATING' && !round) beginOrchestration(draft);
  else reissueTokens(draft);
}

/** PIPE-10, CRED-3: after a long wait, or under a new login, every live agent needs a token of that login. */
function reissueTokens(draft: Draft): void {
  const bootstrapping = Object.values(draft.state.steps).flatMap((s) =>
    s.work.kind === 'agent_bootstrap' ? [s.work.agent_id] : [],
  );
  for (const agent of Object.values(draft.state.agents)) {
    const takesPart = agent.status === 'live' && agent.generation === draft.state.generation;
    const idle = agent.role === 'PLANNER' && draft.state.report !== null;
    const token = draft.state.tokens.find((t) => t.accessor === agent.accessor);
    const wants = !token || token.superseded;
    if (takesPart && !idle && wants && !bootstrapping.includes(agent.agent_id)) {
      draft.schedule({ kind: 'agent_bootstrap', agent_id: agent.agent_id });
    }
  }
}

/** A new token: the planner starts, a seat joins the round that waits for it, GAMMA writes the handoff. */
export function agentReady(draft: Draft, id: string): void {
  const agent = draft.state.agents[id];
  if (agent?.status !== 'live') return;
  const busy = Object.values(draft.state.steps).some((s) => 'agent_id' in s.work && s.work.agent_id === id);
  const waits = agent.legs.at(-1)?.some((action) => draft.state.actions[action]?.outcome === null);
  if (busy || waits) return;
  if (draft.state.recovery) {
    if (agent.role === 'GAMMA') draft.schedule({ kind: 'synthesis', agent_id: id });
    return;
  }
  if (isSolo(agent.role)) {
    if (!draft.state.report) draft.schedule({ kind: 'agent_turn', agent_id: id, round: 0, leg: 1 });
    return;
  }
  const { round } = draft.state;
  if (!isSeat(agent.role)) return;
  const seated = round && !round.closed && round.electorate.includes(agent.role);
  const spoken = round?.spoken.includes(agent.role);
  if (seated && !spoken && liveAgent(draft.state, agent.role)?.agent_id === id) {
    draft.schedule({ kind: 'agent_turn', agent_id: id, round: round.round, leg: 1 });
  }
}
