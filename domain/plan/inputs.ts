import type { PlanFile } from './schema.ts';
import { expectedWord } from './suggest.ts';

export type InputValue = string | number | boolean;
export type InputValues = Record<string, InputValue>;
type Declared = NonNullable<PlanFile['inputs']>;

export interface InputProblem {
  code: 'unknown_input' | 'input_missing' | 'input_type';
  name: string;
  message: string;
  expected: string;
}

/** A command line has only text: `5` and `true` given as text count as what they spell. */
function coerce(type: Declared[string]['type'], value: InputValue): InputValue | null {
  if (type === 'string' || type === 'document') return String(value);
  if (typeof value === type) return value;
  if (type === 'number')
    return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : null;
  if (value === 'true' || value === 'false') return value === 'true';
  return null;
}

/** Values by name, or what is wrong with them. `given` null: the plan is only stored, values come with a spawn. */
export function resolveInputs(
  declared: Declared,
  given: InputValues | null,
): { values: InputValues; problems: InputProblem[] } {
  const values: InputValues = {};
  const problems: InputProblem[] = [];
  const names = Object.keys(declared);
  for (const name of Object.keys(given ?? {}))
    if (!Object.hasOwn(declared, name))
      problems.push({
        code: 'unknown_input',
        name,
        message: `The plan has no input “${name}”.`,
        expected: names.length > 0 ? expectedWord(name, names) : 'no inputs at all',
      });
  for (const [name, input] of Object.entries(declared)) {
    const raw = given && Object.hasOwn(given, name) ? given[name] : input.default;
    if (raw === undefined) {
      if (given !== null)
        problems.push({
          code: 'input_missing',
          name,
          message: `The input “${name}” has no value.`,
          expected: `a ${input.type}`,
        });
      continue;
    }
    const value = coerce(input.type, raw);
    if (value === null)
      problems.push({
        code: 'input_type',
        name,
        message: `The input “${name}” is not a ${input.type}.`,
        expected: `a ${input.type}`,
      });
    else values[name] = value;
  }
  return { values, problems };
}

const PLACEHOLDER = /\{\{\s*inputs\.([a-zA-Z0-9_-]+)\s*\}\}/g;

/** Names that a text refers to. */
export const placeholders = (text: string): string[] => [
  ...new Set([...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '')),
];

/** One pass: a value that itself looks like a placeholder stays as it is. Names without a value stay too. */
export const fillIn = (text: string, values: InputValues): string =>
  text.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
