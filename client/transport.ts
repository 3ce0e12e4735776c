import type { Problem } from '#contract/problem.ts';
import { ApiError, UnreachableError } from './errors.ts';

export interface ClientOptions {
  /** Where the API lives, e.g. `http://127.0.0.1:3000`; empty for the page's own origin. */
  baseUrl: string;
  /** A bearer key. Without one the browser's session cookie is sent, and mutations carry the CSRF header (TEN-3). */
  key?: string;
  fetch?: typeof globalThis.fetch;
  /** Milliseconds until a request without an answer counts as unreachable. */
  timeoutMs?: number;
}

export interface RequestOptions {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeoutMs?: number;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Transport {
  readonly baseUrl: string;
  json<T>(method: Method, path: string, options?: RequestOptions): Promise<T>;
  /** The answer with its body unread, for downloads. */
  raw(method: Method, path: string, options?: RequestOptions): Promise<Response>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

function withQuery(path: string, query: RequestOptions['query'] = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'status' in value && 'detail' in value;

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/** fetch hides the reason of a network failure in `cause`, several levels deep when addresses were tried in turn. */
function networkReason(error: unknown): string {
  let current: unknown = error;
  let reason = '';
  while (current instanceof Error) {
    const code = 'code' in current ? String(current.code) : '';
    reason = current.message || code || reason;
    current = current instanceof AggregateError ? (current.errors[0] ?? current.cause) : current.cause;
  }
  return reason || 'no answer';
}

export function createTransport(options: ClientOptions): Transport {
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const send = options.fetch ?? ((...request: Parameters<typeof fetch>) => globalThis.fetch(...request));

  async function raw(method: Method, path: string, request: RequestOptions = {}): Promise<Response> {
    const url = baseUrl + withQuery(path, request.query);
    const headers: Record<string, string> = { accept: 'application/json', ...request.headers };
    if (options.key !== undefined) headers.authorization = `Bearer ${options.key}`;
    else if (method !== 'GET') headers['X-AGS-CSRF'] = '1';
    if (request.body !== undefined) headers['content-type'] = 'application/json';

    const timeout = AbortSignal.timeout(request.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    let response: Response;
    try {
      response = await send(url, {
        method,
        headers,
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        credentials: options.key === undefined ? 'same-origin' : 'omit',
        redirect: 'error',
        signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
      });
    } catch (error) {
      if (request.signal?.aborted) throw error;
      const why = timeout.aborted ? 'no answer in time' : networkReason(error);
      throw new UnreachableError(url, `${method} ${url}: ${why}`, error);
    }
    if (response.ok) return response;
    const problem: unknown = await response.json().catch(() => null);
    if (isProblem(problem)) throw new ApiError(problem, retryAfter(response));
    throw new UnreachableError(url, `${method} ${url}: HTTP ${response.status}, and not from this API`);
  }

  async function json<T>(method: Method, path: string, request?: RequestOptions): Promise<T> {
    const response = await raw(method, path, request);
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw new UnreachableError(response.url, `${method} ${path}: the answer is not JSON`, error);
    }
  }

  return { baseUrl, json, raw };
}
