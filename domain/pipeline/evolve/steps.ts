import { LIMITS_OF_CONDUCT, remember } from '../../governance/windows.ts';
import type { HeldOn, StepWork, Usage } from '../event/steps.ts';
import {
  type ActionState,
  type AgentState,
  accessorFor,
  type PipelineState,
  type StepState,
} from '../state.ts';
import { settle, settleIfHeld } from './clock.ts';
import { withEntry } from './entries.ts';
import { type Evolvers, entry } from './evolver.ts';
import { labelsAmong, withLabels } from './labels.ts';

const without = (steps: PipelineState['steps'], id: string): PipelineState['steps'] => {
  const { [id]: _gone, ...rest } = steps;
  return rest;
};

export const changeStep = (state: PipelineState, id: string, change: Partial<StepState>): PipelineState => {
  const step = state.steps[id];
  return step ? { ...state, steps: { ...state.steps, [id]: { ...step, ...change } } } : state;
};

export const changeAgent = (
  state: PipelineState,
  id: string | null,
  change: (agent: AgentState) => Partial<AgentState>,
): PipelineState => {
  const agent = id === null ? undefined : state.agents[id];
  return agent
    ? { ...state, agents: { ...state.agents, [agent.agent_id]: { ...agent, ...change(agent) } } }
    : state;
};

const agentOf = (work: StepWork | undefined): string | null =>
  work && 'agent_id' in work ? work.agent_id : null;

/** What an agent's card says while a step runs (AGENT-1). */
function doing(state: PipelineState, work: StepWork): Partial<AgentState> {
  switch (work.kind) {
    case 'agent_bootstrap':
      return { phase: 'BOOTSTRAP', doing: 'getting its own token' };
    case 'agent_turn':
      return work.round === 0
        ? { phase: 'PLAN', doing: 'analysing the objective' }
        : { phase: work.round === 1 ? 'PLAN' : 'VERIFY', doing: `thinking, round ${work.round}` };
    case 'synthesis':
      return { phase: 'PACKAGE', doing: 'writing the handoff' };
    case 'action':
      return { phase: 'EXECUTE', doing: `using ${state.actions[work.action_id]?.request.tool ?? 'a tool'}` };
    default:
      return {};
  }
}

/** What its card says of an agent whose step is held. */
const WAITS: Record<HeldOn, string> = {
  vault: 'waiting for Vault',
  redis: 'waiting for the credential store',
  model: 'waiting for its model',
  budget: 'waiting for the tenant’s budget',
  error_budget: 'stopped: the tenant’s error budget is spent',
};

const charge = (state: PipelineState, agentId: string | null, usage: Usage | null): PipelineState => {
  if (!usage) return state;
  const charged = {
    ...state,
    usage: {
      ...state.usage,
      tokens_in: state.usage.tokens_in + usage.tokens_in,
      tokens_out: state.usage.tokens_out + usage.tokens_out,
      cost_microusd: state.usage.cost_microusd + usage.cost_microusd,
    },
  };
  return changeAgent(charged, agentId, (agent) => ({
    tokens: agent.tokens + usage.tokens_in + usage.tokens_out,
    cost_microusd: agent.cost_microusd + usage.cost_microusd,
    answered_by: { provider: usage.provider, model: usage.model },
  }));
};

/** PIPE-11: nobody knows what a lost call used, so all that it could have used is charged. */
function chargeReserved(state: PipelineState, stepId: string): PipelineState {
  const reserved = state.steps[stepId]?.reserved;
  if (!reserved) return state;
  return {
    ...state,
    usage: {
      ...state.usage,
      tokens_in: state.usage.tokens_in + reserved.tokens,
      cost_microusd: state.usage.cost_microusd + reserved.cost_microusd,
    },
  };
}

/** ENF-5: not what was refused, and not what a step of ours ran, which counts as one. */
const toldAct = ({ request }: ActionState, status: string): boolean =>
  request.outside?.enforcement === 'cooperative' && (status === 'succeeded' || status === 'failed');

/** Steps and actions: the work that queues carry. */
export const stepEvolvers = {
  step_scheduled: (state, { at, body }) => ({
    ...state,
    diagnostic_id: body.work.kind === 'spawn_diagnostic' ? body.work.pipeline_id : state.diagnostic_id,
    counts: { ...state.counts, steps: state.counts.steps + 1 },
    credentials:
      body.work.kind === 'credentials_login' && state.gate_closed
        ? { ...state.credentials, hold_since: state.credentials.hold_since ?? at }
        : state.credentials,
    steps: {
      ...state.steps,
      [body.step_id]: {
        step_id: body.step_id,
        work: body.work,
        status: 'ready' as const,
        epoch: 0,
        failures: 0,
        deferrals: 0,
        losses: 0,
        ready_at: at,
        claimed_at: null,
        claimed_with: null,
        reserved: null,
        held: null,
      },
    },
  }),

  step_claimed: (state, { at, body }) => {
    const step = state.steps[body.step_id];
    if (!step) return state;
    const claimed = changeStep(state, body.step_id, {
      status: 'claimed',
      epoch: body.epoch,
      claimed_at: at,
      claimed_with: accessorFor(state, step),
      reserved: body.reserved,
      held: step.held?.on === 'model' ? step.held : null,
    });
    const working = changeAgent(claimed, agentOf(step.work), () => ({
      ...doing(state, step.work),
      last_progress_at: at,
    }));
    return settleIfHeld(state, working, at);
  },

  step_held: (state, { at, body }) => {
    const step = state.steps[body.step_id];
    if (!step) return state;
    const { on, code, message } = body;
    const since = step.held?.since ?? at;
    const held = changeStep(charge(state, agentOf(step.work), body.usage), body.step_id, {
      status: 'ready',
      claimed_at: null,
      claimed_with: null,
      reserved: null,
      held: { on, since, code, message },
    });
    return settle(
      changeAgent(held, agentOf(step.work), () => ({ doing: WAITS[on] })),
      at,
    );
  },

  step_progressed: (state, event) => {
    const step = state.steps[event.body.step_id];
    const id = agentOf(step?.work);
    const works = step?.held ? settle(changeStep(state, step.step_id, { held: null }), event.at) : state;
    return changeAgent(
      {
        ...works,
        last_progress_at: event.at,
        progress: [...state.progress, { seq: event.seq, at: event.at, agent_id: id, note: event.body.note }],
      },
      id,
      () => ({ last_progress_at: event.at }),
    );
  },

  step_completed: (state, { at, body }) => {
    const step = state.steps[body.step_id];
    const id = agentOf(step?.work);
    const done: PipelineState = {
      ...charge(state, id, body.usage),
      steps: without(state.steps, body.step_id),
      last_progress_at: at,
    };
    const settled = settleIfHeld(state, done, at);
    return changeAgent(
      { ...settled, usage: { ...settled.usage, steps: settled.usage.steps + 1 } },
      id,
      () => ({
        doing: null,
        last_progress_at: at,
      }),
    );
  },

  step_failed: (state, { at, body }) => {
    const step = state.steps[body.step_id];
    const id = agentOf(step?.work);
    const charged = charge(state, id, body.usage);
    const counted = changeAgent(charged, id, (agent) => ({
      doing: null,
      errors: agent.errors + (body.cause === 'agent' ? 1 : 0),
      error_codes:
        body.cause === 'agent'
          ? { ...agent.error_codes, [body.code]: (agent.error_codes[body.code] ?? 0) + 1 }
          : agent.error_codes,
    }));
    const noted: PipelineState = {
      ...counted,
      agent_errors:
        body.cause === 'agent'
          ? remember(state.agent_errors, Date.parse(at), LIMITS_OF_CONDUCT.errors + 1)
          : state.agent_errors,
      credential_error:
        step && step.work.kind !== 'agent_turn' && step.work.kind !== 'action'
          ? body.message
          : counted.credential_error,
      progress: [
        ...counted.progress,
        { seq: state.seq + 1, at, agent_id: id, note: `${body.code}: ${body.message}` },
      ],
    };
    const after: PipelineState =
      body.retry_at === null
        ? { ...noted, steps: without(noted.steps, body.step_id) }
        : changeStep(noted, body.step_id, {
            status: 'ready',
            failures: (step?.failures ?? 0) + 1,
            ready_at: body.retry_at,
            claimed_at: null,
            claimed_with: null,
            reserved: null,
            held: null,
          });
    return settleIfHeld(state, after, at);
  },

  step_released: (state, { at, body }) => settle(changeStep(state, body.step_id, { held: null }), at),

  step_lost: (state, { at, body }) => {
    const lost = changeAgent(
      changeStep(chargeReserved(state, body.step_id), body.step_id, {
        status: 'ready',
        losses: (state.steps[body.step_id]?.losses ?? 0) + 1,
        ready_at: body.retry_at ?? at,
        claimed_at: null,
        claimed_with: null,
        reserved: null,
        held: null,
      }),
      agentOf(state.steps[body.step_id]?.work),
      () => ({ doing: 'waiting for another worker' }),
    );
    return settleIfHeld(state, lost, at);
  },
  step_cancelled: (state, { at, body }) => {
    const charged = chargeReserved(state, body.step_id);
    const gone: PipelineState = { ...charged, steps: without(charged.steps, body.step_id) };
    return settleIfHeld(state, gone, at);
  },
  step_dead_lettered: (state) => state,
  step_redriven: (state, { at, body }) => changeStep(state, body.step_id, { ready_at: at }),

  action_requested: (state, event) => {
    const { body } = event;
    const asked: PipelineState = {
      ...state,
      counts: { ...state.counts, actions: state.counts.actions + 1 },
      usage: { ...state.usage, actions: state.usage.actions + 1 },
      actions: withEntry(state.actions, body.action_id, {
        action_id: body.action_id,
        request: entry<'action_requested'>(event),
        decision: null,
        decided_at: null,
        unknown: null,
        lost_step_id: null,
        outcome: null,
      }),
    };
    const counted = changeAgent(asked, body.agent_id, (agent) => ({
      calls: remember(agent.calls, Date.parse(event.at), LIMITS_OF_CONDUCT.calls),
    }));
    if (body.turn_step_id === null) return counted;
    // Calls of one answer share the turn's step and so form one leg.
    return changeAgent(counted, body.agent_id, (agent) => {
      const last = agent.legs.at(-1);
      const sameLeg =
        last?.[0] !== undefined && state.actions[last[0]]?.request.turn_step_id === body.turn_step_id;
      return {
        legs: sameLeg
          ? [...agent.legs.slice(0, -1), [...last, body.action_id]]
          : [...agent.legs, [body.action_id]],
      };
    });
  },
  action_decided: (state, { seq, at, body }) => {
    const action = state.actions[body.action_id];
    return action
      ? {
          ...withLabels(state, body.decision.labels),
          facts_seq: seq,
          actions: withEntry(state.actions, body.action_id, {
            ...action,
            decision: body.decision,
            decided_at: at,
          }),
        }
      : state;
  },
  action_finished: (state, event) => {
    const action = state.actions[event.body.action_id];
    if (!action) return state;
    const labelled = withLabels(state, labelsAmong(event.body.origin));
    return {
      ...labelled,
      counts: toldAct(action, event.body.status)
        ? { ...state.counts, outside_acts: state.counts.outside_acts + 1 }
        : state.counts,
      facts_seq: labelled === state ? state.facts_seq : event.seq,
      last_progress_at: event.at,
      actions: withEntry(state.actions, event.body.action_id, {
        ...action,
        outcome: entry<'action_finished'>(event),
      }),
    };
  },
} satisfies Partial<Evolvers>;
