import { redactionFor } from '#domain/governance/redaction.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';

/** Bytes of a result that is recorded and shown; far below the 2 MB of a row, so that a turn's transcript stays readable. */
export const MAX_RESULT_BYTES = 48 * 1024;

export interface BoundedResult {
  /** JSON text. */
  text: string;
  /** Of the whole result, secrets removed. */
  sha256: string;
  truncated: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The first `limit` bytes as text, without half a character. */
export const cutBytes = (text: string, limit: number): string => {
  const bytes = encoder.encode(text);
  return bytes.length <= limit ? text : decoder.decode(bytes.slice(0, limit)).replace(/\uFFFD+$/, '');
};

export const byteLength = (text: string): number => encoder.encode(text).length;

/** Takes secrets out, then bounds. What was cut is said in JSON too, so that no reader mistakes a part for the whole. */
export function boundResult(value: unknown, documents: readonly string[]): BoundedResult {
  const redaction = redactionFor(documents);
  const whole = redaction.text(JSON.stringify(redaction.value(value)) ?? 'null');
  const sha256 = sha256Hex(whole);
  const bytes = byteLength(whole);
  if (bytes <= MAX_RESULT_BYTES) return { text: whole, sha256, truncated: false };
  // Escapes at most double a text of quotes and backslashes; half the limit always fits.
  const part = cutBytes(whole, MAX_RESULT_BYTES / 2 - 200);
  return {
    text: JSON.stringify({ truncated: true, bytes, sha256, beginning: part }),
    sha256,
    truncated: true,
  };
}
