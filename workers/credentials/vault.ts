import * as z from 'zod';
import { ok, type Result } from '#domain/result.ts';
import type { OnAnswer } from './contract.ts';
import { type CredentialError, failure, isAway } from './errors.ts';

export interface VaultConfig {
  /** Without `/v1`, e.g. `https://vault.example.com:8200`. */
  addr: string;
  namespace?: string | null;
  /** Milliseconds for one request; 5,000 by default. */
  timeout_ms?: number;
}

export interface VaultCall<T> {
  method: 'GET' | 'POST';
  /** After `/v1/`; the caller has checked or encoded its parts. */
  path: string;
  token?: string;
  body?: Record<string, unknown>;
  /** For the error message: what was being done, without any secret. */
  what: string;
  schema: z.ZodType<T>;
}

export type Vault = ReturnType<typeof createVault>;

/** An auth envelope. An empty accessor means a batch token, which cannot be renewed, revoked or have children. */
export const authSchema = z.object({
  auth: z.object({
    client_token: z.string(),
    accessor: z.string().min(1),
    policies: z.array(z.string()),
    lease_duration: z.int().min(0),
  }),
});
export const emptySchema = z.unknown();
const errorsSchema = z.object({ errors: z.array(z.string()) });

const HEALTH_TIMEOUT_MS = 2_000;

/** Texts of Vault's errors that decide a kind. Only looked for, never passed on: some versions quote the SecretID. */
const says = (errors: string[], pattern: RegExp): boolean => errors.some((text) => pattern.test(text));

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function classify(response: Response, errors: string[], what: string) {
  const { status } = response;
  if (status === 429) {
    return failure('throttled', `Vault's request quota is spent; could not ${what}`, {
      retry_after_s: retryAfter(response),
    });
  }
  if (status === 472 || status === 473 || (status >= 300 && status < 400)) {
    return failure('standby', `Vault's node is a standby; could not ${what}`);
  }
  if (status === 503 && says(errors, /sealed/i))
    return failure('sealed', `Vault is sealed; could not ${what}`);
  if (status === 503 && says(errors, /standby|not active/i)) {
    return failure('standby', `Vault has no active node; could not ${what}`);
  }
  if (status >= 500) return failure('unavailable', `Vault failed with ${status}; could not ${what}`);
  if (says(errors, /invalid accessor|failed to find accessor entry/)) {
    return failure('token_dead', `Vault knows no token with this accessor; could not ${what}`);
  }
  if (status === 403) return failure('denied', `Vault denied this; could not ${what}`);
  if (status === 404) return failure('not_found', `Vault has nothing there; could not ${what}`);
  if (status === 400 && says(errors, /invalid (role|secret)/i)) {
    return failure('denied', `Vault refused the AppRole's role id or secret id; could not ${what}`);
  }
  return failure('bad_response', `Vault refused the request with ${status}; could not ${what}`);
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/**
 * A small client of Vault's HTTP API. Node's clients do not bundle for Workers. Redirects are not followed: a standby's redirect would carry the token to whatever address it names.
 */
export function createVault(
  config: VaultConfig,
  fetcher: typeof fetch = (...args) => fetch(...args),
  onAnswer: OnAnswer = () => {},
) {
  const base = `${config.addr.replace(/\/+$/, '')}/v1/`;
  const timeout = config.timeout_ms ?? 5_000;
  const common: Record<string, string> = { 'x-vault-request': 'true' };
  if (config.namespace) common['x-vault-namespace'] = config.namespace;

  async function ask<T>(request: VaultCall<T>): Promise<Result<T, CredentialError>> {
    const { what } = request;
    const headers = { ...common };
    if (request.token) headers['x-vault-token'] = request.token;
    if (request.body) headers['content-type'] = 'application/json';
    let response: Response;
    let text: string;
    try {
      response = await fetcher(base + request.path, {
        method: request.method,
        headers,
        body: request.body ? JSON.stringify(request.body) : undefined,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
      });
      text = await response.text();
    } catch (cause) {
      const late = cause instanceof Error && cause.name === 'TimeoutError';
      const how = late ? `did not answer within ${seconds(timeout)}` : 'cannot be reached';
      return failure(late ? 'slow' : 'unavailable', `Vault ${how}; could not ${what}`);
    }
    const parsed = parseJson(text);
    if (!response.ok) {
      const errors = errorsSchema.safeParse(parsed);
      return classify(response, errors.success ? errors.data.errors : [], what);
    }
    const answer = request.schema.safeParse(parsed);
    if (!answer.success) {
      return failure('bad_response', `the answer is not what Vault gives; could not ${what}`, {
        retryable: parsed === undefined && text !== '',
      });
    }
    return ok(answer.data);
  }

  async function call<T>(request: VaultCall<T>): Promise<Result<T, CredentialError>> {
    const answer = await ask(request);
    onAnswer('vault', !answer.ok && isAway(answer.error) ? answer.error : null);
    return answer;
  }

  /** Tells a dead token from one that may not: Vault answers 403 to both, and lookup-self is open to every live token. */
  async function refused(
    token: string,
    error: CredentialError,
    what: string,
  ): Promise<Result<never, CredentialError>> {
    const self = await call({
      method: 'GET',
      path: 'auth/token/lookup-self',
      token,
      what: 'look the token up',
      schema: emptySchema,
    });
    if (!self.ok && (self.error.kind === 'denied' || self.error.kind === 'token_dead')) {
      return failure('token_dead', `the token is no longer valid in Vault; could not ${what}`);
    }
    return self.ok ? failure(error.kind, error.message) : self;
  }

  /** {@link call} with a token of ours, its 403 told apart into `denied` and `token_dead`. */
  async function callAs<T>(request: VaultCall<T> & { token: string }): Promise<Result<T, CredentialError>> {
    const answer = await call(request);
    return !answer.ok && answer.error.kind === 'denied'
      ? refused(request.token, answer.error, request.what)
      : answer;
  }

  async function health(): Promise<{ ok: boolean; state: VaultState; embedded: boolean; error?: string }> {
    try {
      const response = await fetcher(`${base}sys/health?standbyok=true&perfstandbyok=true`, {
        headers: common,
        redirect: 'manual',
        signal: AbortSignal.timeout(Math.min(timeout, HEALTH_TIMEOUT_MS)),
      });
      const answer = healthSchema.safeParse(parseJson(await response.text()));
      const state = answer.success ? stateOf(answer.data) : 'unknown';
      const embedded = response.headers.has('x-ags-embedded');
      const good = response.ok && (state === 'active' || state === 'standby');
      return {
        ok: good,
        state,
        embedded,
        ...(good ? {} : { error: `sys/health answered ${response.status}` }),
      };
    } catch (cause) {
      const late = cause instanceof Error && cause.name === 'TimeoutError';
      const error = late ? 'no answer in time' : 'cannot be reached';
      return { ok: false, state: late ? 'slow' : 'unreachable', embedded: false, error };
    }
  }

  return { call, callAs, health };
}

export type VaultState =
  | 'active'
  | 'standby'
  | 'sealed'
  | 'uninitialized'
  | 'slow'
  | 'throttled'
  | 'denying'
  | 'unreachable'
  | 'unknown';

const healthSchema = z.object({ initialized: z.boolean(), sealed: z.boolean(), standby: z.boolean() });
function stateOf(health: z.infer<typeof healthSchema>): VaultState {
  if (!health.initialized) return 'uninitialized';
  if (health.sealed) return 'sealed';
  return health.standby ? 'standby' : 'active';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
