import type { $ZodIssue } from 'zod/v4/core';
import { err, ok, type Result } from '../result.ts';
import { expectedAt, fieldsAt } from './expected.ts';
import { inOrder, type PlanFinding } from './finding.ts';
import { PlanFile } from './schema.ts';
import type { Path, PlanSourceText } from './source.ts';
import { expectedWord } from './suggest.ts';

const show = (path: Path): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '') || 'the plan';

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

const kindOf = (value: unknown): string => {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return value.length <= 60 ? `“${value}”` : 'a text';
  return String(value);
};

function findings(issue: $ZodIssue, text: PlanSourceText): PlanFinding[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      severity: 'error',
      code: 'unknown_field',
      message: `Unknown field “${key}” in ${show(path)}.`,
      ...text.atKey(path, key),
      expected: expectedWord(key, fieldsAt(path)),
    }));
  if (issue.code === 'invalid_key')
    return [
      {
        severity: 'error',
        code: 'invalid_name',
        message: `“${String(path.at(-1))}” cannot be a name here.`,
        ...text.atKey(path.slice(0, -1), String(path.at(-1))),
        expected: 'lower-case letters, digits and underscores',
      },
    ];
  const found = valueAt(text.value, path);
  const missing = found === undefined;
  return [
    {
      severity: 'error',
      code: missing ? 'missing_field' : 'invalid_value',
      message: missing ? `${show(path)} is missing.` : `${show(path)} is ${kindOf(found)}.`,
      ...text.at(path),
      expected: expectedAt(path),
    },
  ];
}

/** The plan's text against {@link PlanFile}; every finding has line, column and what was expected. */
export function checkSchema(text: PlanSourceText): Result<PlanFile, PlanFinding[]> {
  const parsed = PlanFile.safeParse(text.value);
  if (parsed.success) return ok(parsed.data);
  return err(inOrder(parsed.error.issues.flatMap((issue) => findings(issue, text))));
}
