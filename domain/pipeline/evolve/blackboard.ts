import type { Seat } from '../../agents/roles.ts';
import type { PipelineState } from '../state.ts';
import { stopClock } from './clock.ts';
import { type Evolvers, entry } from './evolver.ts';

const packaged = (state: PipelineState, agentId: string): PipelineState['agents'] => {
  const agent = state.agents[agentId];
  return agent ? { ...state.agents, [agentId]: { ...agent, phase: 'PACKAGE' as const } } : state.agents;
};

/** Rounds and what is written in them (CONS-1). */
export const blackboardEvolvers = {
  round_started: (state, { at, body }) => ({
    ...state,
    last_progress_at: at,
    round: {
      ...body,
      started_at: at,
      spoken: [] as Seat[],
      silent: [] as Seat[],
      closed: false,
      out_since: null,
    },
    agents: Object.fromEntries(
      Object.entries(state.agents).map(([id, agent]) => [id, { ...agent, legs: [] }]),
    ),
  }),
  finding_written: (state, event) => ({
    ...state,
    counts: { ...state.counts, findings: state.counts.findings + 1 },
    findings: [...state.findings, entry<'finding_written'>(event)],
  }),
  proposal_written: (state, event) => ({
    ...state,
    counts: { ...state.counts, proposals: state.counts.proposals + (event.body.revision === 1 ? 1 : 0) },
    proposals: [...state.proposals, entry<'proposal_written'>(event)],
    agents: packaged(state, event.body.agent_id),
  }),
  vote_cast: (state, event) => ({ ...state, votes: [...state.votes, entry<'vote_cast'>(event)] }),
  vote_refused: (state) => state,
  message_sent: (state, event) => ({ ...state, messages: [...state.messages, entry<'message_sent'>(event)] }),
  turn_taken: (state, { body }) => ({
    ...state,
    round:
      state.round && !state.round.spoken.includes(body.seat)
        ? {
            ...state.round,
            spoken: [...state.round.spoken, body.seat],
            silent: body.silent ? [...state.round.silent, body.seat] : state.round.silent,
          }
        : state.round,
  }),
  round_closed: (state, { body }) => ({
    ...state,
    round: state.round ? { ...state.round, closed: true } : null,
    idle_rounds: body.progress ? 0 : state.idle_rounds + 1,
  }),
  mediator_called: (state, { body }) => ({
    ...state,
    mediation: { ...body, round: state.round?.round ?? 0 },
  }),
  consensus_reached: (state, event) => ({ ...state, verdict: entry<'consensus_reached'>(event) }),
  consensus_failed: (state, event) =>
    stopClock(
      {
        ...state,
        failure: entry<'consensus_failed'>(event),
        waiting_for: 'fallback' as const,
        // Whoever asked for the pause is asked for more now: what to do next.
        pause: 'none' as const,
        credentials: { ...state.credentials, wait: null, hold_since: null },
        gate_closed: true,
        facts_seq: event.seq,
        agents: Object.fromEntries(
          Object.entries(state.agents).map(([id, agent]) => [
            id,
            { ...agent, doing: null, phase: 'EXIT' as const },
          ]),
        ),
      },
      event.at,
    ),
} satisfies Partial<Evolvers>;
