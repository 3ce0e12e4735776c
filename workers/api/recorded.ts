import { redactionFor } from '#domain/governance/redaction.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';

/** GOV-8: what is recorded of outside agents' arguments and results, in characters. The whole is recorded by its hash. */
export const RECORDED = { text: 4_000, arguments: 24_000, result: 48_000 } as const;

const redaction = redactionFor([]);

const cut = (text: string): string =>
  text.length <= RECORDED.text
    ? text
    : `${text.slice(0, RECORDED.text)}… [${text.length} characters, sha256 ${sha256Hex(text)}]`;

function shorten(value: unknown): unknown {
  if (typeof value === 'string') return cut(value);
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]));
  return value;
}

export interface RecordedArguments {
  arguments: Record<string, unknown>;
  /** Something was taken out or cut off. */
  changed: boolean;
}

/** Secrets first, cuts after: a cut could leave half a secret that nobody recognises. */
export function recordedArguments(args: Record<string, unknown>): RecordedArguments {
  const kept = shorten(redaction.value(args)) as Record<string, unknown>;
  const text = JSON.stringify(kept);
  if (text.length > RECORDED.arguments)
    return { arguments: { truncated: true, beginning: text.slice(0, RECORDED.text) }, changed: true };
  return { arguments: kept, changed: text !== JSON.stringify(args) };
}

/** JSON text of a result, without secrets and bounded. */
export function recordedResult(value: unknown): {
  text: string | null;
  sha256: string | null;
  truncated: boolean;
} {
  if (value === undefined) return { text: null, sha256: null, truncated: false };
  const whole = redaction.text(JSON.stringify(redaction.value(value)) ?? 'null');
  const sha256 = sha256Hex(whole);
  if (whole.length <= RECORDED.result) return { text: whole, sha256, truncated: false };
  const beginning = whole.slice(0, RECORDED.result / 2);
  return { text: JSON.stringify({ truncated: true, sha256, beginning }), sha256, truncated: true };
}

export const recordedText = (text: string | undefined): string | null =>
  text === undefined ? null : cut(redaction.text(text));
