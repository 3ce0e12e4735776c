import { CLOCKS } from './rules.ts';
import { isCondemned, liveToken, type PipelineState, type TokenState } from './state.ts';

/** How the renewal of a pipeline's tokens went (CRED-3). */
export interface Renewals {
  /** `capped`: Vault gave less than was asked for, because the token's maximum TTL is near. */
  renewed: { accessor: string; expires_at: string; capped: boolean }[];
  /** `dead`: Vault no longer knows the accessor. */
  failed: { accessor: string; code: string; message: string; dead: boolean }[];
}

const ms = (time: string): number => Date.parse(time);

/** Tokens that are kept alive: the pipeline's own, and those that agents at work hold. */
export function renewable(state: PipelineState): TokenState[] {
  if (!state.spawned || state.outcome || state.gate_closed) return [];
  const own = liveToken(state, null);
  return state.tokens.filter((token) => {
    if (token.confirmed_at !== null || token.superseded || isCondemned(state, token.accessor)) return false;
    if (token.agent_id === null) return token === own;
    const agent = state.agents[token.agent_id];
    return (
      agent?.status === 'live' &&
      agent.generation === state.generation &&
      agent.accessor === token.accessor &&
      !(agent.role === 'PLANNER' && state.report !== null)
    );
  });
}

/** The time at which `part` of a token's lease has passed. */
const passed = ({ renewed_at, expires_at }: TokenState, part: number): number =>
  ms(renewed_at) + (ms(expires_at) - ms(renewed_at)) * part;

/** What a cron that comes by `now` renews; a second one that overlaps it finds nothing more to do. */
export const dueForRenewal = (state: PipelineState, now: number): TokenState[] =>
  renewable(state).filter((token) => passed(token, CLOCKS.renew_due) <= now);

/**
 * When the pipeline asks for itself, Infinity for never: its short first lease (CRED-1), and whatever the cron has missed. Pipelines
 * that end before never ask.
 */
export const renewalAt = (state: PipelineState): number =>
  Math.min(...renewable(state).map((token) => passed(token, CLOCKS.renew_late)));
