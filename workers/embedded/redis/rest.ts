import { execute, resolve } from './commands.ts';
import type { Keyspace } from './keyspace.ts';
import { RedisError, type Reply } from './reply.ts';

/** Upstash's REST limits are per plan; one MiB a request is the free plan's. */
const MAX_BODY = 1024 * 1024;

interface Answer {
  status: number;
  body: unknown;
}
export interface RestRequest {
  method: string;
  /** As on the wire: segments still percent-encoded. */
  path: string;
  query: URLSearchParams;
  body: string;
  base64: boolean;
}

/** `Upstash-Encoding: base64` encodes every string of a result, `OK` alone excepted; errors and numbers stay. */
function encoded(reply: Reply, base64: boolean): Reply {
  if (!base64 || reply === 'OK') return reply;
  if (Array.isArray(reply)) return reply.map((item) => encoded(item, base64));
  if (typeof reply !== 'string') return reply;
  let binary = '';
  for (const byte of new TextEncoder().encode(reply)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

const badRequest = (error: string): Answer => ({ status: 400, body: { error } });

/** The words of one command: strings, numbers and booleans; an object travels as its JSON, as Upstash takes it. */
function commandWords(value: unknown): string[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  if (value.some((word) => word === null || word === undefined)) return null;
  return value.map((word) => (typeof word === 'object' ? JSON.stringify(word) : String(word)));
}

function run(space: Keyspace, words: string[], base64: boolean): { result: Reply } | { error: string } {
  try {
    return { result: encoded(execute(space, words), base64) };
  } catch (error) {
    if (error instanceof RedisError) return { error: error.message };
    throw error;
  }
}

function single(space: Keyspace, words: string[] | null, base64: boolean): Answer {
  if (!words) return badRequest('ERR failed to parse command');
  const outcome = run(space, words, base64);
  return { status: 'error' in outcome ? 400 : 200, body: outcome };
}

function many(space: Keyspace, parsed: unknown, base64: boolean, atomic: boolean): Answer {
  const batch = Array.isArray(parsed) ? parsed.map(commandWords) : [null];
  if (batch.some((words) => words === null)) return badRequest('ERR failed to parse pipeline request');
  const commands = batch as string[][];
  if (atomic) {
    // As with MULTI: a command that cannot be queued discards all; one that fails when run does not undo the others.
    for (const words of commands) {
      try {
        resolve(words);
      } catch (error) {
        if (error instanceof RedisError) {
          return badRequest('EXECABORT Transaction discarded because of previous errors.');
        }
        throw error;
      }
    }
  }
  return { status: 200, body: commands.map((words) => run(space, words, base64)) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** `/set/key/value?EX=10`, and a body as the last argument. */
function pathWords(request: RestRequest): string[] | null {
  try {
    const words = request.path.split('/').filter(Boolean).map(decodeURIComponent);
    if (request.body !== '') words.push(request.body);
    for (const [name, value] of request.query) {
      if (name === '_token') continue;
      words.push(name);
      if (value !== '') words.push(value);
    }
    return words;
  } catch {
    return null;
  }
}

/** One Upstash REST request; the caller has checked the token. */
export function handleRest(space: Keyspace, request: RestRequest): Answer {
  if (!['GET', 'HEAD', 'POST', 'PUT'].includes(request.method)) {
    return { status: 405, body: { error: 'ERR only HEAD, GET, POST and PUT methods are allowed' } };
  }
  if (request.body.length > MAX_BODY)
    return { status: 413, body: { error: 'ERR max request size exceeded' } };
  space.purgeExpired();
  const path = request.path.replace(/\/+$/, '');
  const { base64 } = request;
  if (path === '') return single(space, commandWords(parsed(request.body)), base64);
  if (path === '/pipeline') return many(space, parsed(request.body), base64, false);
  if (path === '/multi-exec') return many(space, parsed(request.body), base64, true);
  return single(space, pathWords(request), base64);
}
