import { isSeat, type Seat } from '../../agents/roles.ts';
import { ballotOf, minorityReport } from '../../consensus/ballot.ts';
import { conflicts, type Tally, tally, winner } from '../../consensus/tally.ts';
import type { MediationTrigger } from '../event/blackboard.ts';
import { MEDIATION } from '../rules.ts';
import { liveAgent, type PipelineState } from '../state.ts';
import { runWinningActions } from './actions.ts';
import { spawnAgent } from './agents.ts';
import type { Draft } from './draft.ts';
import { dropStep, failConsensus, failPipeline } from './ending.ts';
import { startRecovery } from './recovery.ts';

/**
 * CONS-4: ALPHA and BETA always, GAMMA from the round after its spawn. An agent that died stays in the electorate: its seat
 * abstains, it does not shrink the quorum.
 */
function electorateFor(state: PipelineState, round: number): Seat[] {
  const gamma = state.mediation !== null && state.mediation.round < round;
  return gamma ? ['ALPHA', 'BETA', 'GAMMA'] : ['ALPHA', 'BETA'];
}

/** CONS-2: what the seats may see is fixed here, before any of them speaks. */
export function startRound(draft: Draft, round: number): void {
  draft.emit('round_started', {
    round,
    electorate: electorateFor(draft.state, round),
    snapshot_seq: draft.state.seq,
  });
  for (const seat of draft.state.round?.electorate ?? []) {
    const agent = liveAgent(draft.state, seat);
    if (!agent) draft.emit('turn_taken', { seat, round, silent: true });
    else if (agent.accessor) draft.schedule({ kind: 'agent_turn', agent_id: agent.agent_id, round, leg: 1 });
    // An agent without a token yet is in its bootstrap step; its turn follows when that is done.
  }
  closeRoundIfSpoken(draft);
}

/** A seat is done with the round, with or without something to say. */
export function takeTurn(draft: Draft, seat: Seat, silent: boolean): void {
  const round = draft.state.round;
  if (!round || round.closed || round.spoken.includes(seat)) return;
  draft.emit('turn_taken', { seat, round: round.round, silent });
  closeRoundIfSpoken(draft);
}

function closeRoundIfSpoken(draft: Draft): void {
  const round = draft.state.round;
  if (round && !round.closed && round.electorate.every((seat) => round.spoken.includes(seat)))
    closeRound(draft);
}

/** CONS-4: at the round's limit a seat that has not spoken abstains; what it says later is refused. */
export function closeRoundAtLimit(draft: Draft): void {
  const round = draft.state.round;
  if (!round || round.closed) return;
  for (const step of Object.values(draft.state.steps)) {
    if (
      step.work.kind === 'agent_turn' ||
      (step.work.kind === 'action' && isTurnAction(draft.state, step.work.action_id))
    ) {
      dropStep(draft, step, `round ${round.round} reached its limit`);
    }
  }
  for (const seat of round.electorate) {
    if (!round.spoken.includes(seat)) draft.emit('turn_taken', { seat, round: round.round, silent: true });
  }
  closeRound(draft);
}

const isTurnAction = (state: PipelineState, actionId: string): boolean =>
  state.actions[actionId]?.request.turn_step_id !== null;

/** CONS-7: something new was said, or a seat changed its mind. The same content again is not written down at all. */
function madeProgress(state: PipelineState, round: number): boolean {
  const news = (e: { round: number }) => e.round === round;
  return (
    state.findings.some(news) ||
    state.proposals.some(news) ||
    state.votes.filter(news).some((vote) => {
      const before = state.votes.findLast(
        (v) =>
          v.round < round &&
          v.seat === vote.seat &&
          v.proposal_id === vote.proposal_id &&
          v.revision === vote.revision,
      );
      // A seat that withdraws its critical objection has moved, though it still rejects.
      return before?.vote !== vote.vote || before.critical !== vote.critical;
    })
  );
}

function closeRound(draft: Draft): void {
  const { round } = draft.state;
  if (!round) return;
  const ballot = ballotOf(draft.state);
  const fought = conflicts(ballot);
  draft.emit('round_closed', {
    round: round.round,
    silent: round.silent,
    progress: madeProgress(draft.state, round.round),
    conflicts: fought,
  });
  const tallies = tally(ballot);
  const won = winner(tallies);
  if (won) {
    draft.emit('consensus_reached', {
      proposal_id: won.proposal_id,
      revision: won.revision,
      round: round.round,
      approvals: won.approve,
      minority_report: minorityReport(draft.state, won),
    });
    runWinningActions(draft);
    return;
  }
  if (draft.state.round?.silent.length === round.electorate.length) {
    failPipeline(draft, 'no_agent_answered', `No seat could answer in round ${round.round}.`);
    return;
  }
  nextRound(draft, fought, tallies);
}

/** PIPE-7: a fork counts on from its source's rounds; a rerun begins at 1 again (REC-1). */
export const roundsBefore = (state: PipelineState): number =>
  state.generation === 1 ? (state.forked?.round ?? 0) : 0;

/** What follows a round in which nothing passed: GAMMA, another round, or an honest failure. */
function nextRound(draft: Draft, fought: number, tallies: Tally[]): void {
  const { state } = draft;
  const round = state.round?.round ?? 0;
  if (fought > MEDIATION.conflicts_above) {
    callMediator(draft, 'conflicts', `${fought} conflicts, more than ${MEDIATION.conflicts_above}`);
  } else if (state.idle_rounds >= MEDIATION.idle_rounds) {
    callMediator(draft, 'no_progress', `${state.idle_rounds} rounds in a row brought nothing new`);
  }
  if (mediationIsSpent(state)) {
    failConsensus(
      draft,
      'GAMMA has mediated, all seats have spoken, and nothing passes',
      dissentFromBest(state, tallies),
    );
  } else if (round >= (state.spawned?.limits.rounds ?? 0) + roundsBefore(state)) {
    startRecovery(draft, 'round_limit', `The limit of ${round} rounds is reached.`);
  } else startRound(draft, round + 1);
}

/** CONS-9: GAMMA has written, every seat could vote on what it wrote, and the round after brought nothing new. */
function mediationIsSpent(state: PipelineState): boolean {
  const { mediation } = state;
  const round = state.round?.round ?? 0;
  if (!mediation) return false;
  // A fork brings along what the GAMMA of its source wrote; its own has not spoken yet.
  const merged = state.proposals.find((p) => p.author === 'GAMMA' && p.round > mediation.round);
  if (merged) return round > merged.round && state.idle_rounds > 0;
  return round > mediation.round && state.idle_rounds >= MEDIATION.idle_rounds;
}

function dissentFromBest(state: PipelineState, tallies: Tally[]) {
  const best = [...tallies].sort(
    (a, b) => b.approve.length - a.approve.length || b.confidence - a.confidence || a.first_seq - b.first_seq,
  )[0];
  return best ? minorityReport(state, best) : [];
}

/** CONS-5: once per generation, with its reason. */
export function callMediator(draft: Draft, trigger: MediationTrigger, detail: string): void {
  if (draft.state.mediation) return;
  draft.emit('mediator_called', { trigger, detail });
  spawnAgent(draft, 'GAMMA', `${trigger}: ${detail}`);
}

/** The seat of an agent whose turn belongs to the open round; null when the turn is stale. */
export function seatOfTurn(state: PipelineState, agent_id: string, round: number): Seat | null {
  const agent = state.agents[agent_id];
  const open = state.round && !state.round.closed && state.round.round === round;
  return agent && open && isSeat(agent.role) && state.round?.electorate.includes(agent.role)
    ? agent.role
    : null;
}
