import type { PipelineState } from '../state.ts';
import { settle, startClock, stopClock, waitsFor } from './clock.ts';
import { withEntry } from './entries.ts';
import { type Evolvers, entry } from './evolver.ts';
import { withLabels } from './labels.ts';

/** Fallbacks, generations, the supervisor, handoffs, forks (REC). */
export const recoveryEvolvers = {
  handoff_loaded: (state, event) => ({
    ...withLabels(state, event.body.handoff.labels),
    inherited: entry<'handoff_loaded'>(event),
    // REC-3: a successor has GAMMA from the start.
    mediation: { trigger: 'recovery' as const, detail: `resumes ${event.body.prior_pipeline}`, round: 0 },
  }),
  pipeline_forked: (state, event) => {
    // In this log they all stand at the fork's own place; the source's sequence numbers mean nothing here.
    const here = <T extends { seq: number }>(entries: T[]): T[] =>
      entries.map((e) => ({ ...e, seq: event.seq }));
    const { report, findings, proposals, votes, messages } = event.body;
    return {
      ...withLabels(state, event.body.labels),
      forked: entry<'pipeline_forked'>(event),
      report,
      findings: here(findings),
      proposals: here(proposals),
      votes: here(votes),
      messages: here(messages),
    };
  },
  failure_context_stored: (state, event) => ({
    ...state,
    failure_context: entry<'failure_context_stored'>(event),
  }),
  fallback_chosen: (state, event) => ({
    ...state,
    fallbacks: [...state.fallbacks, { ...entry<'fallback_chosen'>(event), by: event.actor }],
  }),
  generation_started: (state, { at, body }) =>
    startClock(
      {
        ...state,
        generation: body.generation,
        tier: body.tier,
        waiting_for: null,
        history: [
          ...state.history,
          {
            generation: state.generation,
            tier: state.tier,
            findings: state.findings,
            proposals: state.proposals,
            votes: state.votes,
            messages: state.messages,
            failure: state.failure,
          },
        ],
        findings: [],
        proposals: [],
        votes: [],
        messages: [],
        round: null,
        idle_rounds: 0,
        failure: null,
        verdict: null,
        last_progress_at: at,
        mediation: body.mediator
          ? { trigger: 'rerun' as const, detail: 'asked for by a person', round: 0 }
          : null,
      },
      at,
    ),
  partial_accepted: (state, event) => ({
    ...state,
    partial: entry<'partial_accepted'>(event),
    waiting_for: null,
  }),

  approval_requested: (state, event) =>
    stopClock(
      {
        ...state,
        counts: { ...state.counts, approvals: state.counts.approvals + 1 },
        waiting_for: 'approval' as const,
        approvals: [
          ...state.approvals,
          {
            ...entry<'approval_requested'>(event),
            status: 'pending' as const,
            decided_by: null,
            decision_reason: null,
          },
        ],
      },
      event.at,
    ),
  action_approval_requested: (state, event) => {
    const asked: PipelineState = {
      ...state,
      counts: { ...state.counts, approvals: state.counts.approvals + 1 },
      approvals: [
        ...state.approvals,
        {
          ...entry<'action_approval_requested'>(event),
          status: 'pending' as const,
          decided_by: null,
          decision_reason: null,
        },
      ],
    };
    return stopClock({ ...asked, waiting_for: waitsFor(asked) }, event.at);
  },
  approval_decided: (state, { seq, at, actor, body }) =>
    settle(
      {
        ...state,
        facts_seq: seq,
        approvals: state.approvals.map((a) =>
          a.approval_id === body.approval_id
            ? { ...a, status: body.decision, decided_by: actor, decision_reason: body.reason }
            : a,
        ),
      },
      at,
    ),

  recovery_started: (state, event) => ({
    ...state,
    recovery: entry<'recovery_started'>(event),
    credentials: { ...state.credentials, wait: null, hold_since: null },
    waiting_for: null,
    pause: 'none' as const,
  }),
  synthesis_written: (state, event) => ({ ...state, synthesis: entry<'synthesis_written'>(event) }),
  handoff_sealed: (state, event) => ({ ...state, handoff: entry<'handoff_sealed'>(event) }),

  action_unknown: (state, { at, body }) => {
    const action = state.actions[body.action_id];
    if (!action) return state;
    const step = Object.values(state.steps).find(
      (s) => s.work.kind === 'action' && s.work.action_id === body.action_id,
    );
    const unknown = { why: body.why, step_id: step?.step_id ?? '' };
    const lost_step_id = step?.step_id ?? action.lost_step_id;
    const noted = {
      ...state,
      actions: withEntry(state.actions, body.action_id, { ...action, unknown, lost_step_id }),
    };
    // The end and the supervisor do not wait; the outcome can still be told later.
    return state.outcome || state.recovery
      ? noted
      : stopClock({ ...noted, waiting_for: waitsFor(noted) }, at);
  },
  action_unreported: (state, { body }) => {
    const action = state.actions[body.action_id];
    if (!action) return state;
    const unknown = { why: body.why, step_id: '' };
    return { ...state, actions: withEntry(state.actions, body.action_id, { ...action, unknown }) };
  },
  action_resolved: (state, { at, body }) => {
    const action = state.actions[body.action_id];
    if (!action) return state;
    return settle(
      { ...state, actions: withEntry(state.actions, body.action_id, { ...action, unknown: null }) },
      at,
    );
  },
} satisfies Partial<Evolvers>;
