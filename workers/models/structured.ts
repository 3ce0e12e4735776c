import type * as z from 'zod';
import { err, ok, type Result } from '#domain/result.ts';
import type { RequestedCall } from './types.ts';

const MAX_PROBLEMS = 12;

/** Some endpoints wrap JSON in a Markdown fence whatever they are told. */
const unfenced = (text: string): string =>
  /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(text)?.[1] ?? text;

/** The answer's JSON against the schema, or what is wrong with it, one problem a line, for the model to mend. */
export function readOutput<T>(text: string, schema: z.ZodType<T>): Result<T, string[]> {
  let value: unknown;
  try {
    value = JSON.parse(unfenced(text));
  } catch {
    return err(['the answer is not one complete JSON value']);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? '(top level)' : path.join('.')}: ${message}`,
  );
  const more = problems.length - MAX_PROBLEMS;
  return err(more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems);
}

/** As `arguments` of an action in a proposal; characters. */
const MAX_ARGUMENTS = 20_000;

/** Arguments that are no JSON object, or far too long, are kept as text: the gate refuses them and says why. */
export function readCall(call: { call_id: string; tool: string; input: string }): RequestedCall {
  let value: unknown;
  try {
    value = call.input.trim() === '' ? {} : JSON.parse(call.input);
  } catch {
    value = null;
  }
  const isObject =
    call.input.length <= MAX_ARGUMENTS &&
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value);
  return {
    call_id: call.call_id.slice(0, 200),
    tool: call.tool,
    arguments: isObject ? (value as Record<string, unknown>) : { unparsed: call.input.slice(0, 2_000) },
  };
}
