import type * as z from 'zod';
import type { Caller } from '#contract/access.ts';
import type { AgentCaller } from '#contract/agents.ts';
import type { ProblemCode } from '#contract/problem.ts';
import type { Config, Env } from '#workers/config.ts';
import type { Log, TraceContext } from '#workers/telemetry/index.ts';
import { ACCESS, type Access, type EndpointName } from './access.ts';

/** Bytes (API-2). */
export const BODY_LIMIT = 64 * 1024;

/** What a handler knows of the request it answers. */
export interface Asked<Query = unknown, Body = unknown> {
  env: Env;
  config: Config;
  /** Who asks; throws on an endpoint that is open or the platform's, and for an outside agent. */
  readonly caller: Caller;
  /** True for the platform admin's key. */
  platform: boolean;
  /** GOV-7: set instead of the caller when an outside agent's session token asks. */
  agent: AgentCaller | null;
  request: Request;
  url: URL;
  params: Record<string, string>;
  query: Query;
  body: Body;
  trace: TraceContext;
  log: Log;
  /** Work that may outlive the answer. */
  later(work: Promise<unknown>): void;
}

/** One endpoint: its schemas give validation, types and OpenAPI at once (API-2). */
export interface Endpoint {
  name: EndpointName;
  method: string;
  path: string;
  access: Access;
  summary: string;
  query?: z.ZodType;
  body?: z.ZodType;
  bodyLimit: number;
  /** Status → schema of the answer; null has no body. */
  answers: Record<number, z.ZodType | null>;
  /** Of an answer that is no JSON. */
  mediaType: string;
  /** Problems beyond those that any endpoint may answer with. */
  problems: readonly ProblemCode[];
  /** A WebSocket: signs in with a ticket or a bearer key. */
  stream: boolean;
  handle(asked: Asked): Response | Promise<Response>;
}

interface Spec<Q extends z.ZodType, B extends z.ZodType> {
  summary: string;
  query?: Q;
  body?: B;
  bodyLimit?: number;
  answers: Record<number, z.ZodType | null>;
  mediaType?: string;
  problems?: readonly ProblemCode[];
  stream?: boolean;
  handle(asked: Asked<z.output<Q>, z.output<B>>): Response | Promise<Response>;
}

/**
 * Declares an endpoint; its rights stand in {@link ACCESS}.
 *
 * @example
 * endpoint('GET /api/projects', { summary: 'Projects', answers: { 200: page(Project) }, handle: async (asked) => json(…) })
 */
export function endpoint<Q extends z.ZodType = z.ZodType, B extends z.ZodType = z.ZodType>(
  name: EndpointName,
  spec: Spec<Q, B>,
): Endpoint {
  const [method = '', path = ''] = name.split(' ');
  return {
    ...spec,
    name,
    method,
    path,
    access: ACCESS[name],
    bodyLimit: spec.bodyLimit ?? BODY_LIMIT,
    mediaType: spec.mediaType ?? 'application/json',
    problems: spec.problems ?? [],
    stream: spec.stream ?? false,
    handle: spec.handle as Endpoint['handle'],
  };
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
}

export const noContent = (headers: Record<string, string> = {}): Response =>
  new Response(null, { status: 204, headers });

/** A list that has one page. */
export const all = <T>(items: readonly T[]) => ({ items, next_cursor: null });
