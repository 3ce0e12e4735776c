import { type Known, type OpenApi, type Operation, requestFor, Sampler } from './requests.ts';

/** Numbers in [0, 1) from a seed (mulberry32): the same seed, the same requests. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pick = <T>(random: () => number, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T;

const deep = (depth: number): unknown => (depth === 0 ? 0 : { a: [deep(depth - 1)] });

/** Values that have broken programs before: limits, types, encodings, names of the language's own. */
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -(2 ** 53),
  2 ** 53,
  '',
  ' ',
  '0',
  '-1',
  'NaN',
  'null',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u202e\u200f\ufeff',
  '😀'.repeat(50),
  'x'.repeat(3_000),
  '../../etc/passwd',
  "'; DROP TABLE events; --",
  '"*" OR "a" NEAR(',
  '%00%ff',
  '{{7*7}}<%= 7*7 %>',
  '__proto__',
  'constructor',
  'pl_0000000000000000000',
  '9999-12-31T23:59:59.999Z',
  '2026-02-31T00:00:00.000Z',
  'name: [\n - &a *a',
  [],
  [[]],
  [null, {}],
  {},
  { __proto__x: 1, constructor: { prototype: 1 } },
  { toString: 'no', length: -1 },
  deep(40),
];

const ODD_NAMES = ['__proto__', 'constructor', 'toString', '', 'unknown_field', '\u0000', 'a.b[0]'] as const;

/** Replaces, removes or adds something anywhere inside a JSON value. */
function mutateValue(value: unknown, random: () => number): unknown {
  if (random() < 0.35 || typeof value !== 'object' || value === null) return pick(random, ODD);
  if (Array.isArray(value)) {
    if (value.length === 0 || random() < 0.3) return [...value, pick(random, ODD)];
    const at = Math.floor(random() * value.length);
    return value.map((inner, i) => (i === at ? mutateValue(inner, random) : inner));
  }
  const copy: Record<string, unknown> = { ...value };
  const names = Object.keys(copy);
  const name = names.length === 0 || random() < 0.15 ? pick(random, ODD_NAMES) : pick(random, names);
  if (random() < 0.2) delete copy[name];
  else
    Object.defineProperty(copy, name, {
      value: Object.hasOwn(copy, name) ? mutateValue(copy[name], random) : pick(random, ODD),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return copy;
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

/** A lone surrogate has no UTF-8: what arrives is the replacement character. */
const urlText = (value: unknown): string => encodeURIComponent(asText(value).toWellFormed().slice(0, 4_000));

function mutatePath(operation: Operation, path: string, random: () => number): string {
  const names = operation.parameters.filter((p) => p.in === 'path').map((p) => p.name);
  if (names.length === 0 || random() > 0.4) return path;
  const odd = urlText(pick(random, ODD)) || '%20';
  const [, query] = path.split('?');
  const changed = operation.path.replace(/\{\w+\}/, odd).replace(/\{\w+\}/g, 'x');
  return query === undefined ? changed : `${changed}?${query}`;
}

function mutateQuery(operation: Operation, path: string, random: () => number): string {
  const names = operation.parameters.filter((p) => p.in === 'query').map((p) => p.name);
  let [plain = '', query = ''] = path.split('?');
  for (let i = 0; i < 2; i++)
    if (random() < (names.length > 0 ? 0.5 : 0.1)) {
      const name = random() < 0.8 && names.length > 0 ? pick(random, names) : pick(random, ODD_NAMES);
      const kept = query.split('&').filter((part) => !part.startsWith(`${name}=`) || random() < 0.1);
      query = [...kept, `${urlText(name)}=${random() < 0.05 ? '%F0%28' : urlText(pick(random, ODD))}`]
        .filter(Boolean)
        .join('&');
    }
  return query === '' ? plain : `${plain}?${query}`;
}

const HEADERS: readonly Record<string, string>[] = [
  {},
  {},
  {},
  { traceparent: 'ff-zz' },
  { 'idempotency-key': 'x'.repeat(201) },
  { 'content-type': 'multipart/form-data; boundary=' },
  { 'content-length': '-1' },
  { accept: 'text/event-stream' },
  { upgrade: 'websocket' },
  { origin: 'null', cookie: 'ags_session=;;=; ags_session=ses_x_y' },
  { 'last-event-id': '-1', range: 'bytes=0-,-1' },
];

function mutateBody(body: unknown, random: () => number): string | undefined {
  if (body === undefined) return undefined;
  let value: unknown = body;
  const times = Math.floor(random() * 3);
  for (let i = 0; i < times; i++) value = mutateValue(value, random);
  const text = JSON.stringify(value) ?? '';
  const roll = random();
  if (roll < 0.04) return text.slice(0, Math.floor(random() * text.length));
  if (roll < 0.06) return `${text}${text}`;
  if (roll < 0.08) return `${'['.repeat(5_000)}${text}`;
  return text;
}

export interface FuzzedRequest {
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** SEC-2: a request near to one that fits the document, so that it gets past the first check more often than noise would. */
export function fuzzedRequest(
  operation: Operation,
  document: OpenApi,
  known: Known,
  random: () => number,
): FuzzedRequest {
  const sampler = new Sampler(document, known);
  const base = requestFor(operation, sampler, () => random() < 0.5);
  const path = mutateQuery(operation, mutatePath(operation, base.path, random), random);
  const method = random() < 0.03 ? pick(random, ['PUT', 'PATCH', 'OPTIONS', 'DELETE']) : operation.method;
  const body = method === 'GET' ? undefined : mutateBody(base.body ?? {}, random);
  return { path, method, headers: pick(random, HEADERS), body };
}
