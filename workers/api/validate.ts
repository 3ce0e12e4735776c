import type * as z from 'zod';
import type { $ZodIssue } from 'zod/v4/core';
import { ProblemError } from './problem.ts';

const place = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');

function describe(issue: $ZodIssue): { field: string; detail: string } {
  if (issue.code === 'unrecognized_keys') {
    const field = place([...issue.path, issue.keys[0] ?? '']);
    return { field, detail: `The field “${field}” is not known here.` };
  }
  const field = place(issue.path);
  return { field, detail: field === '' ? issue.message : `${field}: ${issue.message}` };
}

/** API-2: what does not fit its schema is refused; the first field is named, the rest are findings. */
export function validate<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 20).map(describe);
  const [first] = problems;
  throw new ProblemError('validation_failed', first?.detail ?? 'The request does not fit its schema.', {
    field: first?.field,
    ...(problems.length > 1 ? { findings: problems } : {}),
  });
}

/** Query parameters as an object; the same name twice is refused rather than guessed at. */
export function queryObject(url: URL): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (Object.hasOwn(query, name))
      throw new ProblemError('validation_failed', `The parameter “${name}” stands there twice.`, {
        field: name,
      });
    Object.defineProperty(query, name, { value, enumerable: true });
  }
  return query;
}
