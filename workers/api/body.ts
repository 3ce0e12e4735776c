import { isWellFormed } from '#domain/well-formed.ts';
import { findJsonError } from './json-position.ts';
import { ProblemError } from './problem.ts';

/** Reads at most `limit` bytes: what is longer is refused while it arrives, not after. */
async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new ProblemError('payload_too_large', `The body may have at most ${limit} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

const LONE_SURROGATE = /\\u[dD][89a-fA-F]/;

/** API-2: the body is JSON whatever its Content-Type; an empty one is an empty object. Errors name line and column. */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  const bytes = await readBytes(request, limit);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new ProblemError('bad_json', 'The body is not UTF-8.');
  }
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { line, column, why } = findJsonError(text);
    throw new ProblemError('bad_json', `Line ${line}, column ${column}: ${why}.`);
  }
  // Only an escape can bring one in: the bytes were UTF-8.
  if (LONE_SURROGATE.test(text) && !isWellFormed(value))
    throw new ProblemError('bad_json', 'A text holds half of a surrogate pair, which is no character.');
  return value;
}
