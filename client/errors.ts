import type { Problem } from '#contract/problem.ts';

/** The API understood the request and refused it; `problem` says why and what to do next (API-2). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;
  /** Seconds to wait before trying again, when the answer had a `Retry-After` of that form. */
  readonly retryAfter: number | null;

  constructor(problem: Problem, retryAfter: number | null = null) {
    super(problem.detail || problem.title);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** Nobody answered at `url`, or something answered that is not this API (a proxy's error page, another program). */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly url: string;

  constructor(url: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.url = url;
  }
}
