import type { PipelineState } from '../state.ts';
import { endCredentialsWait, stopClock, waitsFor } from './clock.ts';
import type { Evolvers } from './evolver.ts';
import { changeAgent, changeStep } from './steps.ts';

/** CRED-3, CRED-6: renewal, replacement, and waiting for Vault or the store. */
export const credentialEvolvers = {
  tokens_renewed: (state, { at, body }) => {
    const until = new Map(body.tokens.map((t) => [t.accessor, t.expires_at]));
    return {
      ...state,
      renewals: state.renewals + 1,
      credential_error: null,
      credentials: { ...state.credentials, renewal_failing: null },
      tokens: state.tokens.map((token) => {
        const expires_at = until.get(token.accessor);
        return expires_at === undefined ? token : { ...token, renewed_at: at, expires_at };
      }),
    };
  },

  renewal_failing: (state, { at, body }) => ({
    ...state,
    credential_error: body.message,
    credentials: { ...state.credentials, renewal_failing: { since: at, ...body } },
  }),

  credentials_superseded: (state, { body }) => ({
    ...state,
    tokens: state.tokens.map((token) =>
      body.accessors.includes(token.accessor) ? { ...token, superseded: true } : token,
    ),
  }),

  agent_token_lapsed: (state, { seq, body }) => ({
    ...changeAgent(state, body.agent_id, () => ({ accessor: null })),
    facts_seq: seq,
  }),

  step_deferred: (state, { at, body }) => {
    const step = state.steps[body.step_id];
    const agent_id = step && 'agent_id' in step.work ? step.work.agent_id : null;
    const { code, message, retry_at } = body;
    const since = state.credentials.wait?.since ?? at;
    const ready: PipelineState = changeStep(state, body.step_id, {
      status: 'ready',
      deferrals: (step?.deferrals ?? 0) + 1,
      ready_at: retry_at,
      claimed_at: null,
      claimed_with: null,
      reserved: null,
      held: null,
    });
    const waits: PipelineState = {
      ...changeAgent(ready, agent_id, () => ({ doing: 'waiting for credentials' })),
      credential_error: message,
      credentials: { ...state.credentials, wait: { since, code, message } },
    };
    return stopClock({ ...waits, waiting_for: waitsFor(waits) }, at);
  },

  credentials_restored: (state, { at }) => endCredentialsWait({ ...state, credential_error: null }, at),
} satisfies Partial<Evolvers>;
