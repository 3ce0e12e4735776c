import { ApiError, createClient, UnreachableError } from '#client/index.ts';

/** The API on this page's own origin, with the session's cookie (TEN-3). */
export const ags = createClient({ baseUrl: '' });

/** 128 random bits; `crypto.randomUUID` exists on secure origins only, and a team may try this over plain HTTP first. */
export const idempotencyKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

/** What went wrong, and what to do about it, for a banner or a toast. */
export interface Failure {
  title: string;
  detail: string;
  status: number | null;
  trace: string | null;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) {
    const { title, detail, remedy, status, trace_id } = error.problem;
    return { title, detail: [detail, remedy].filter(Boolean).join(' '), status, trace: trace_id };
  }
  if (error instanceof UnreachableError)
    return {
      title: 'The server cannot be reached',
      detail: 'Check the connection. This page tries again by itself where it can.',
      status: null,
      trace: null,
    };
  return {
    title: 'Something broke in this page',
    detail: error instanceof Error ? error.message : String(error),
    status: null,
    trace: null,
  };
}
