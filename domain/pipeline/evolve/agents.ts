import { type Evolvers, entry } from './evolver.ts';

export const agentEvolvers = {
  agent_spawned: (state, { at, body }) => ({
    ...state,
    counts: { ...state.counts, agents: state.counts.agents + 1 },
    agents: {
      ...state.agents,
      [body.agent_id]: {
        agent_id: body.agent_id,
        generation: state.generation,
        role: body.role,
        tier: body.tier,
        reason: body.reason,
        phase: 'BOOTSTRAP' as const,
        doing: null,
        accessor: null,
        spawned_at: at,
        last_progress_at: at,
        tokens: 0,
        cost_microusd: 0,
        errors: 0,
        error_codes: {},
        calls: [],
        throttled_at: null,
        answered_by: null,
        status: 'live' as const,
        votes_void: false,
        replaced_by: null,
        replaced_round: null,
        legs: [],
        session: null,
      },
    },
  }),

  agent_registered: (state, { seq, at, body }) => ({
    ...state,
    facts_seq: seq,
    counts: { ...state.counts, agents: state.counts.agents + 1 },
    agents: {
      ...state.agents,
      [body.agent_id]: {
        agent_id: body.agent_id,
        generation: state.generation,
        role: 'OUTSIDE' as const,
        tier: body.tier,
        reason: `${body.name} (${body.framework}) registered`,
        phase: 'BOOTSTRAP' as const,
        doing: null,
        accessor: null,
        spawned_at: at,
        last_progress_at: at,
        tokens: 0,
        cost_microusd: 0,
        errors: 0,
        error_codes: {},
        calls: [],
        throttled_at: null,
        answered_by: null,
        status: 'live' as const,
        votes_void: false,
        replaced_by: null,
        replaced_round: null,
        legs: [],
        session: {
          name: body.name,
          framework: body.framework,
          hash: body.session_hash,
          expires_at: body.session_expires_at,
          tools: body.tools ?? [],
        },
      },
    },
  }),

  agent_token_issued: (state, { seq, at, body }) => {
    const agent = state.agents[body.agent_id];
    if (!agent) return state;
    return {
      ...state,
      facts_seq: seq,
      agents: {
        ...state.agents,
        [agent.agent_id]: {
          ...agent,
          accessor: body.accessor,
          phase: 'PREFLIGHT' as const,
          last_progress_at: at,
        },
      },
      tokens: [
        ...state.tokens,
        {
          accessor: body.accessor,
          agent_id: body.agent_id,
          policies: body.policies,
          issued_at: at,
          renewed_at: at,
          expires_at: body.expires_at,
          superseded: false,
          confirmed_at: null,
          how: null,
        },
      ],
    };
  },

  agent_throttled: (state, { at, body }) => {
    const agent = state.agents[body.agent_id];
    return agent
      ? {
          ...state,
          agents: { ...state.agents, [agent.agent_id]: { ...agent, throttled_at: Date.parse(at) } },
        }
      : state;
  },

  bug_filed: (state, event) => ({ ...state, bugs: [...state.bugs, entry<'bug_filed'>(event)] }),

  report_written: (state, { at, body }) => {
    const agent = state.agents[body.agent_id];
    return {
      ...state,
      report: body.report,
      last_progress_at: at,
      agents: agent
        ? { ...state.agents, [agent.agent_id]: { ...agent, phase: 'REPORT' as const } }
        : state.agents,
    };
  },
} satisfies Partial<Evolvers>;
