import { liveToken, type PipelineState } from '../state.ts';
import { endCredentialsWait, settle, startClock, stopClock } from './clock.ts';
import { type Evolvers, entry } from './evolver.ts';

const withFacts = (state: PipelineState, seq: number): PipelineState => ({ ...state, facts_seq: seq });

const withoutTokens = (agents: PipelineState['agents']): PipelineState['agents'] =>
  Object.fromEntries(Object.entries(agents).map(([id, agent]) => [id, { ...agent, accessor: null }]));

/** Spawn, credentials, states, the end. */
export const lifecycleEvolvers = {
  pipeline_spawned: (state, { seq, at, actor, body }) => ({
    ...state,
    spawned: body,
    created_at: at,
    created_by: actor,
    last_progress_at: at,
    facts_seq: seq,
    tier: body.tier,
    continued: body.auto_continue,
  }),

  credentials_recorded: (state, { seq, at, body }) =>
    withFacts(
      {
        ...state,
        generation: body.generation,
        gate_closed: false,
        suspended: false,
        credential_error: null,
        credentials: { ...state.credentials, hold_since: null, renewal_failing: null },
        tokens: [
          ...state.tokens,
          {
            accessor: body.accessor,
            agent_id: null,
            policies: body.policies,
            issued_at: at,
            renewed_at: at,
            expires_at: body.expires_at,
            superseded: false,
            confirmed_at: null,
            how: null,
          },
        ],
      },
      seq,
    ),

  credentials_extended: (state, { at, body }) => {
    const accessor = liveToken(state, null)?.accessor;
    return {
      ...state,
      renewals: state.renewals + 1,
      tokens: state.tokens.map((token) =>
        token.accessor === accessor ? { ...token, renewed_at: at, expires_at: body.expires_at } : token,
      ),
    };
  },

  state_entered: (state, { at, body }) => ({
    ...endCredentialsWait(state, at),
    state: body.state,
    // A login that was under way when the pause began may still bring the pipeline into its next state.
    waiting_for: state.pause === 'paused' ? ('resume' as const) : null,
    last_progress_at: at,
  }),
  waiting_began: (state, { at, body }) =>
    stopClock({ ...state, waiting_for: state.pause === 'paused' ? ('resume' as const) : body.for }, at),
  continued: (state, { at }) =>
    startClock({ ...endCredentialsWait(state, at), waiting_for: null, continued: true }, at),

  credentials_suspended: (state, { seq, at }) => {
    const loggingIn = Object.values(state.steps).some((s) => s.work.kind === 'credentials_login');
    const { hold_since } = state.credentials;
    return withFacts(
      {
        ...state,
        suspended: true,
        gate_closed: true,
        credentials: { ...state.credentials, hold_since: hold_since ?? (loggingIn ? at : null) },
        agents: withoutTokens(state.agents),
      },
      seq,
    );
  },
  pause_requested: (state) => ({ ...state, pause: 'requested' }),
  // The clocks stood still while nobody was there to read them.
  outage_noticed: (state, { at, body }) => startClock(stopClock(state, body.since), at),
  paused: (state, { at }) => stopClock({ ...state, pause: 'paused', waiting_for: 'resume' }, at),
  resumed: (state, { at }) => {
    const { hold_since } = state.credentials;
    const running: PipelineState = {
      ...state,
      pause: 'none',
      // CRED-6: the hour for Vault to come back runs while somebody wants to go on.
      credentials: { ...state.credentials, hold_since: hold_since === null ? null : at },
    };
    return settle(running, at);
  },

  agent_revoked: (state, { seq, body }) => {
    const agent = state.agents[body.agent_id];
    return agent
      ? withFacts(
          {
            ...state,
            agents: {
              ...state.agents,
              [agent.agent_id]: {
                ...agent,
                status: 'revoked',
                phase: 'REVOKED',
                doing: null,
                votes_void: body.votes_void,
              },
            },
          },
          seq,
        )
      : state;
  },

  agent_replaced: (state, { seq, body }) => {
    const agent = state.agents[body.agent_id];
    return agent
      ? withFacts(
          {
            ...state,
            agents: {
              ...state.agents,
              [agent.agent_id]: {
                ...agent,
                status: 'replaced',
                phase: 'REVOKED',
                doing: null,
                replaced_by: body.by,
                replaced_round: body.round,
              },
            },
          },
          seq,
        )
      : state;
  },

  pipeline_ended: (state, { seq, at, body }) =>
    withFacts(
      {
        ...state,
        state: body.state,
        waiting_for: null,
        pause: 'none',
        credentials: { ...state.credentials, wait: null, hold_since: null },
        outcome: { ...body, at },
        gate_closed: true,
        agents: Object.fromEntries(
          Object.entries(state.agents).map(([id, agent]) => [
            id,
            agent.status === 'live' ? { ...agent, phase: 'EXIT' as const, doing: null } : agent,
          ]),
        ),
      },
      seq,
    ),

  token_confirmed_gone: (state, { at, body }) => ({
    ...state,
    tokens: state.tokens.map((token) =>
      token.accessor === body.accessor ? { ...token, confirmed_at: at, how: body.how } : token,
    ),
  }),
  sealed: (state) => ({ ...state, sealed: true }),

  kill_switch_thrown: (state, { seq, at, body }) =>
    withFacts(
      {
        ...state,
        kills: [
          ...state.kills,
          { ...body, seq, stopped_at: at, lifted_at: null, lifted_by: null, lift_reason: null },
        ],
      },
      seq,
    ),
  kill_switch_lifted: (state, { at, actor, body }) => ({
    ...state,
    kills: state.kills.map((kill) =>
      kill.kill_id === body.kill_id
        ? { ...kill, lifted_at: at, lifted_by: actor, lift_reason: body.reason }
        : kill,
    ),
  }),

  violation_recorded: (state, event) => ({
    ...state,
    facts_seq: event.seq,
    counts: { ...state.counts, violations: state.counts.violations + 1 },
    violations: [...state.violations, entry<'violation_recorded'>(event)],
  }),
  log_written: (state, event) => ({
    ...state,
    counts: { ...state.counts, log: state.counts.log + 1 },
    log: [...state.log, entry<'log_written'>(event)],
  }),
} satisfies Partial<Evolvers>;
