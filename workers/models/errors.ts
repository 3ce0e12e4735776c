import * as z from 'zod';
import type { ModelError } from './types.ts';

type Kind = Pick<ModelError, 'code' | 'retryable'> & { what: string };

/** AGENT-3: only what may pass by itself is retried. */
const BY_STATUS: { from: number; to: number; kind: Kind }[] = [
  { from: 401, to: 401, kind: { code: 'model_key_refused', retryable: false, what: 'refused the API key' } },
  {
    from: 402,
    to: 402,
    kind: { code: 'model_credits', retryable: false, what: 'has no credits left for this key' },
  },
  {
    from: 403,
    to: 403,
    kind: { code: 'model_key_refused', retryable: false, what: 'does not allow this key to use the model' },
  },
  {
    from: 404,
    to: 404,
    kind: { code: 'model_not_found', retryable: false, what: 'does not know the model' },
  },
  { from: 408, to: 408, kind: { code: 'model_timeout', retryable: true, what: 'timed out' } },
  {
    from: 429,
    to: 429,
    kind: { code: 'model_rate_limited', retryable: true, what: 'limits the rate of calls' },
  },
  {
    from: 400,
    to: 499,
    kind: { code: 'model_request_refused', retryable: false, what: 'refused the request' },
  },
  { from: 500, to: 599, kind: { code: 'model_unavailable', retryable: true, what: 'is failing' } },
];

/** Error codes that arrive as words. */
const BY_WORD: Record<string, number> = {
  insufficient_quota: 402,
  insufficient_credits: 402,
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  invalid_api_key: 401,
  authentication_error: 401,
  permission_error: 403,
  model_not_found: 404,
  timeout_error: 408,
  overloaded_error: 503,
  server_error: 503,
};

/** OPS-1: the model, or who serves it, does not do its work; what a person has to mend is none. */
const OUTAGES: ReadonlySet<ModelError['code']> = new Set([
  'model_rate_limited',
  'model_timeout',
  'model_unavailable',
  'model_error_in_stream',
  'model_malformed_stream',
  'model_empty_answer',
]);
export const isOutage = ({ code }: Pick<ModelError, 'code'>): boolean => OUTAGES.has(code);

export const dependency = (
  code: ModelError['code'],
  message: string,
  retryable: boolean,
  retry_after_s: number | null = null,
): ModelError => ({ code, message, retryable, retry_after_s, cause: 'dependency' });

/** A provider's own code may be shown: it is a short token, unlike its message. */
const token = (code: unknown): string => {
  const text = String(code ?? '');
  return /^[\w.-]{1,60}$/.test(text) ? ` (${text})` : '';
};

const kindOf = (status: number): Kind | undefined =>
  BY_STATUS.find(({ from, to }) => status >= from && status <= to)?.kind;

function byStatus(provider: string, status: number, code: unknown, retryAfter: number | null): ModelError {
  const kind = kindOf(status);
  if (kind === undefined)
    return dependency(
      'model_malformed_stream',
      `Model provider ${provider} answered with status ${status}.`,
      true,
    );
  return dependency(
    kind.code,
    `Model provider ${provider} ${kind.what}: HTTP ${status}${token(code)}.`,
    kind.retryable,
    kind.retryable ? retryAfter : null,
  );
}

/** Seconds from a Retry-After header, which is a number or a date; at most an hour. */
export function retryAfter(headers: Record<string, string> | undefined, now: number): number | null {
  const text = headers?.['retry-after'];
  if (text === undefined) return null;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1_000;
  return Number.isFinite(seconds) ? Math.min(3_600, Math.max(0, Math.ceil(seconds))) : null;
}

const HttpFailure = z.object({
  statusCode: z.int(),
  responseHeaders: z.record(z.string(), z.string()).optional().catch(undefined),
  data: z
    .object({ error: z.object({ code: z.unknown().optional(), type: z.unknown().optional() }) })
    .optional()
    .catch(undefined),
});

/** What the provider layer threw before a stream began: an HTTP status, or no answer at all. */
export function fromThrown(provider: string, thrown: unknown, now: number): ModelError {
  const failure = HttpFailure.safeParse(thrown);
  if (!failure.success || failure.data.statusCode < 400)
    return dependency(
      'model_unavailable',
      `Model provider ${provider} could not be reached, or broke the connection.`,
      true,
    );
  const { statusCode, responseHeaders, data } = failure.data;
  const code = data?.error.code ?? data?.error.type;
  return byStatus(provider, statusCode, code, retryAfter(responseHeaders, now));
}

const StreamFailure = z.object({
  message: z.string(),
  code: z.unknown().optional(),
  type: z.unknown().optional(),
});

/** An error that arrived inside a 200: the provider's error object, or what the parser made of broken data. */
export function fromStream(provider: string, error: unknown): ModelError {
  const failure = StreamFailure.safeParse(error);
  if (error instanceof Error || !failure.success)
    return dependency(
      'model_malformed_stream',
      `Model provider ${provider} sent a stream that breaks its protocol.`,
      true,
    );
  const { code, type } = failure.data;
  const status = Number(code) || BY_WORD[String(code)] || BY_WORD[String(type)] || 0;
  const kind = kindOf(status) ?? { code: 'model_error_in_stream', retryable: true, what: 'failed' };
  const message = `Model provider ${provider} ${kind.what}, it said while answering${token(code ?? type)}.`;
  return dependency(kind.code, message, kind.retryable);
}
