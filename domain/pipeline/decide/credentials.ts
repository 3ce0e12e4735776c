import type { DomainError } from '../../errors.ts';
import { err, ok, type Result } from '../../result.ts';
import type { StepError } from '../assignment.ts';
import { type Command, isoTime } from '../command.ts';
import { renewable } from '../renewal.ts';
import { AWAY, retryDelay } from '../rules.ts';
import { accessorFor, isCondemned, liveToken, type StepState, type TokenState } from '../state.ts';
import type { Draft } from './draft.ts';
import { confirmExpired, failPipeline, scheduleRevocation } from './ending.ts';
import { revokeAgent } from './operate.ts';
import { loginIfSuspended } from './pause.ts';

/** Work that asks Vault or the store for a token before it does anything else. */
const NEEDS_CREDENTIALS: readonly StepState['work']['kind'][] = [
  'credentials_login',
  'agent_bootstrap',
  'agent_turn',
  'action',
];

/**
 * CRED-6: Vault or the store is silent, sealed, on standby, throttling: the step waits for it, which is nobody's error and counts as none.
 * The first login has two minutes instead (PIPE-2), and the supervisor its own limit (REC-2).
 */
export function awaitsCredentials(draft: Draft, { work }: StepState, error: StepError): boolean {
  const { state, recovery } = draft.state;
  return (
    error.retryable &&
    error.usage === null &&
    error.code.startsWith('credentials_') &&
    NEEDS_CREDENTIALS.includes(work.kind) &&
    state !== 'SPAWN' &&
    !recovery
  );
}

export function defer(draft: Draft, { step_id, epoch, deferrals }: StepState, error: StepError): void {
  const { now, random } = draft.context;
  const { code, message } = error;
  const retry_at = isoTime(now + retryDelay(AWAY, deferrals, random, error.retry_after_s));
  draft.emit('step_deferred', { step_id, epoch, code, message, retry_at });
}

/** A step that began after the wait and came past its credentials shows that Vault and store answer again. */
export function credentialsAnswered(draft: Draft, { work, claimed_at }: StepState): void {
  const { wait } = draft.state.credentials;
  if (!wait || !claimed_at || claimed_at <= wait.since || !NEEDS_CREDENTIALS.includes(work.kind)) return;
  draft.emit('credentials_restored', { waited_ms: draft.context.now - Date.parse(wait.since) });
}

/** PIPE-2: the window opens with the spawn, the agent, or the login after which a long wait's tokens are issued anew. */
export function stepBegan(draft: Draft, work: StepState['work']): string {
  const { agents, last_progress_at } = draft.state;
  const agent = work.kind === 'agent_bootstrap' ? agents[work.agent_id] : undefined;
  // Nothing else makes progress while a login is awaited, and a pipeline that goes on after a wait begins there.
  if (!agent) return last_progress_at;
  return [agent.spawned_at, liveToken(draft.state, null)?.issued_at ?? ''].sort().at(-1) ?? agent.spawned_at;
}

/** CRED-6: the pipeline's lease is over. It holds: nobody works until there is a new login. */
export function holdAtLeaseEnd(draft: Draft): void {
  draft.emit('credentials_suspended', { reason: 'the lease ended before it could be extended' });
  confirmExpired(draft);
  scheduleRevocation(draft);
  loginIfSuspended(draft);
}

/** An agent's own lease is over while the pipeline's goes on: it gets another token. */
export function lapseAgentToken(draft: Draft, agent_id: string): void {
  const agent = draft.state.agents[agent_id];
  if (!agent?.accessor) return;
  const { accessor, role, generation } = agent;
  draft.emit('agent_token_lapsed', { agent_id, accessor });
  draft.emit('token_confirmed_gone', { accessor, agent_id, how: 'expired' });
  const idle = role === 'PLANNER' && draft.state.report !== null;
  if (!idle && generation === draft.state.generation) bootstrapAnew(draft, agent_id);
}

function bootstrapAnew(draft: Draft, agent_id: string): void {
  const underWay = Object.values(draft.state.steps).some(
    ({ work }) => work.kind === 'agent_bootstrap' && work.agent_id === agent_id,
  );
  if (!underWay) draft.schedule({ kind: 'agent_bootstrap', agent_id });
}

/**
 * CRED-3: what the renewal of this pipeline's tokens brought. Renewals that overlap are harmless: what is on record already, being
 * revoked, or not this pipeline's changes nothing.
 */
export function recordRenewals(
  draft: Draft,
  { renewed, failed }: Extract<Command, { kind: 'record_renewals' }>,
): Result<undefined, DomainError> {
  if (draft.state.outcome)
    return err({ code: 'pipeline_ended', state: draft.state.state, detail: 'Its tokens are being revoked.' });
  const known = new Map(renewable(draft.state).map((token) => [token.accessor, token]));
  const extended = renewed.flatMap(({ accessor, expires_at }) => {
    const token = known.get(accessor);
    return token && expires_at > token.expires_at ? [{ accessor, agent_id: token.agent_id, expires_at }] : [];
  });
  if (extended.length > 0) draft.emit('tokens_renewed', { tokens: extended });
  for (const { accessor, capped } of renewed) {
    const token = capped ? known.get(accessor) : undefined;
    if (token) replace(draft, token);
  }
  for (const { accessor, code, message, dead } of failed) {
    const token = known.get(accessor);
    if (!token || draft.state.outcome) continue;
    if (dead) revokedOutOfBand(draft, token.agent_id);
    else if (!draft.state.credentials.renewal_failing) draft.emit('renewal_failing', { code, message });
  }
  return ok(undefined);
}

/** CRED-3: near its maximum TTL a token is replaced: the pipeline's with a new login and new children, an agent's with a new child. */
function replace(draft: Draft, { agent_id, accessor }: TokenState): void {
  if (agent_id === null) {
    const underWay = Object.values(draft.state.steps).some(({ work }) => work.kind === 'credentials_login');
    if (!underWay) draft.schedule({ kind: 'credentials_login' });
    return;
  }
  draft.emit('credentials_superseded', { accessors: [accessor], reason: 'its maximum TTL is near' });
  bootstrapAnew(draft, agent_id);
}

/** Before a new login is recorded: what it takes over from. Nothing, when no gate is open. */
export const tokensInUse = (draft: Draft): string[] =>
  draft.state.gate_closed
    ? []
    : draft.state.tokens
        .filter((t) => t.confirmed_at === null && !isCondemned(draft.state, t.accessor))
        .map((t) => t.accessor);

/**
 * CRED-3: the switch is done when every agent has its new token, and drained when nothing in flight began with an old one; then the
 * old ones are revoked. Called after every command.
 */
export function retireSuperseded(draft: Draft): void {
  const { state } = draft;
  if (state.gate_closed || state.outcome) return;
  const old = new Set(
    state.tokens.filter((t) => t.superseded && t.confirmed_at === null).map((t) => t.accessor),
  );
  if (old.size === 0) return;
  const agents = Object.values(state.agents).filter((a) => a.status === 'live');
  const switching = agents.some(
    (a) => a.accessor !== null && old.has(a.accessor) && !(a.role === 'PLANNER' && state.report !== null),
  );
  const inFlight = Object.values(state.steps).some((step) => beganBeforeSwitch(draft, step));
  if (!switching && !inFlight) scheduleRevocation(draft, (token) => old.has(token.accessor));
}

/** Whether a step in flight was sent out with another token than its agent, or for a new child the pipeline, has now. */
export const beganBeforeSwitch = (draft: Draft, step: StepState): boolean =>
  step.status === 'claimed' &&
  'agent_id' in step.work &&
  step.claimed_with !== accessorFor(draft.state, step);

/** CRED-6: Vault no longer knows a token that this record has as live, and nobody here revoked it: whoever holds it is stopped. */
export function revokedOutOfBand(draft: Draft, agent_id: string | null): void {
  if (agent_id === null)
    failPipeline(
      draft,
      'token_revoked',
      'Vault no longer knows the pipeline’s token, and it was not revoked here.',
    );
  else {
    const why = 'Vault no longer knows its token, and it was not revoked here';
    revokeAgent(draft, agent_id, why, 'failure');
  }
}
