import type { ChatRequest, Misbehaviour } from './protocol.ts';

/** RUN-5: what a plan asked this seat to do wrong, for this call. */
export interface Switches {
  stall_ms: number;
  /** HTTP status to fail with, or null. */
  error_status: number | null;
  error_in_stream: boolean;
  cut_off: boolean;
  disagree: boolean;
  gullible: boolean;
  forbidden: { action: string; target: string } | null;
}

/** `times` counts attempts of the same step, which the caller numbers: nothing is remembered between calls. */
export function switchesFor(request: ChatRequest, seat: string, round: number): Switches {
  const { misbehave = [], attempt = 1 } = request.embedded ?? {};
  const mine = misbehave.filter(({ agent }) => agent === undefined || agent === '*' || agent === seat);
  const now = (kind: string): Misbehaviour | undefined =>
    mine.find((entry) => entry.kind === kind && attempt <= (entry.times ?? 1));
  const standing = (kind: string): Misbehaviour | undefined => mine.find((entry) => entry.kind === kind);
  const forbidden = standing('forbidden_action');
  return {
    stall_ms: Math.round((now('stall')?.seconds ?? 0) * 1_000),
    error_status: now('error') ? (now('error')?.status ?? 503) : null,
    error_in_stream: now('error_in_stream') !== undefined,
    cut_off: now('invalid_json') !== undefined,
    disagree: round <= (standing('disagree')?.rounds ?? -1),
    gullible: standing('gullible') !== undefined,
    forbidden:
      forbidden?.action && round <= 1 ? { action: forbidden.action, target: forbidden.target ?? '' } : null,
  };
}

const MESSAGES: Record<number, { message: string; type: string; code: string | null }> = {
  400: { message: 'The request was refused.', type: 'invalid_request_error', code: 'invalid_request' },
  401: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' },
  402: { message: 'Insufficient credits.', type: 'insufficient_quota', code: 'insufficient_quota' },
  403: { message: 'This key may not use the model.', type: 'permission_error', code: null },
  408: { message: 'The request timed out.', type: 'timeout_error', code: null },
  429: { message: 'Rate limit reached.', type: 'rate_limit_error', code: 'rate_limit_exceeded' },
};
const UNAVAILABLE = {
  message: 'The server is overloaded or not ready yet.',
  type: 'server_error',
  code: 'server_error',
};

/** The error that the switch asks for, in the words of the real services. */
export const plannedError = (status: number) => ({ status, ...(MESSAGES[status] ?? UNAVAILABLE) });
/** Only a rate limit says when to come back. */
export const plannedHeaders = (status: number): Record<string, string> =>
  status === 429 ? { 'Retry-After': '1' } : {};
