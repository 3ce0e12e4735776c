import { Hono } from 'hono';
import * as z from 'zod';
import type { Caller } from '#contract/access.ts';
import { type Config, configOf, describeProblems, type Env } from '#workers/config.ts';
import { joinTrace, log, logWith, type TraceContext } from '#workers/telemetry/index.ts';
import { authenticate, authorise } from './authenticate.ts';
import { readJson } from './body.ts';
import type { Asked, Endpoint } from './endpoint.ts';
import { ENDPOINTS } from './endpoints.ts';
import { withHeaders } from './headers.ts';
import { ProblemError, problemResponse } from './problem.ts';
import { refuseEmbedded } from './real-services.ts';
import { queryObject, validate } from './validate.ts';

type App = Hono<{
  Bindings: Env;
  Variables: { trace: TraceContext; endpoint: Endpoint; caller: Caller | null };
}>;

/** `GET` and `HEAD` have no body; everything else has one, if only an empty one. */
const hasBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD';

const NO_QUERY = z.strictObject({});
/** What anybody may read without a key: whoever probes or caches it adds parameters of their own. */
const ANY_QUERY = z.unknown();

/** API-2: where no parameter is known, none is taken in silence. */
const queryOf = ({ query, access }: Endpoint): z.ZodType =>
  query ?? (access === 'open' ? ANY_QUERY : NO_QUERY);

async function configFor(env: Env): Promise<Config> {
  const config = configOf(env);
  if (!config.ok) throw new ProblemError('misconfigured', describeProblems(config.error));
  const embedded = await refuseEmbedded(env, config.value);
  if (embedded.length > 0) throw new ProblemError('misconfigured', describeProblems(embedded));
  return config.value;
}

/** An object that is too busy says so; anything else that is thrown is a defect. */
function toProblem(error: unknown, traceId: string): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof Error && 'overloaded' in error && error.overloaded === true)
    return new ProblemError('overloaded', 'This part of the system has too much to do.', {
      retry_after_s: 2,
    });
  log('error', 'a request broke', { trace_id: traceId, error });
  return new ProblemError('internal', 'Something broke on our side; it is in the log under the trace id.');
}

function register(app: App, endpoint: Endpoint): void {
  app.on(endpoint.method, endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
    c.set('endpoint', endpoint);
    const config = await configFor(c.env);
    const identity =
      endpoint.access === 'open' ? null : await authenticate(c.env, config, c.req.raw, endpoint);
    c.set('caller', identity?.kind === 'caller' ? identity.caller : null);
    const caller = identity && authorise(identity, endpoint);
    const url = new URL(c.req.url);
    const { ticket: _, ...parameters } = queryObject(url);
    const query = validate(queryOf(endpoint), endpoint.stream ? parameters : queryObject(url));
    const given = hasBody(c.req.method) ? await readJson(c.req.raw, endpoint.bodyLimit) : undefined;
    const trace = c.get('trace');
    const asked: Asked = {
      env: c.env,
      config,
      get caller() {
        if (caller === null) throw new Error(`${endpoint.name} has no caller`);
        return caller;
      },
      platform: identity?.kind === 'platform',
      agent: identity?.kind === 'agent' ? identity.agent : null,
      request: c.req.raw,
      url,
      params: c.req.param(),
      query,
      body: endpoint.body ? validate(endpoint.body, given) : undefined,
      trace,
      log: logWith({
        trace_id: trace.trace_id,
        tenant: caller?.tenant ?? (identity?.kind === 'agent' ? identity.agent.tenant : undefined),
      }),
      later: (work) => c.executionCtx.waitUntil(work),
    };
    return endpoint.handle(asked);
  });
}

/** Paths that exist with another method answer 405 with what they have. */
function refuseMethod(app: App): void {
  const methods = new Map<string, string[]>();
  for (const { path, method } of ENDPOINTS) methods.set(path, [...(methods.get(path) ?? []), method]);
  for (const [path, allowed] of methods)
    app.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => {
      const allow = allowed.flatMap((m) => (m === 'GET' ? ['GET', 'HEAD'] : [m])).join(', ');
      throw new ProblemError('method_not_allowed', `${c.req.path} has ${allow}, not ${c.req.method}.`, {
        allow,
      });
    });
}

export function createApp(): App {
  const app: App = new Hono();
  app.use(async (c, next) => {
    const began = Date.now();
    const trace = joinTrace(c.req.header('traceparent') ?? null);
    c.set('trace', trace);
    await next();
    c.res = withHeaders(c.res, trace);
    const endpoint = c.get('endpoint');
    log(c.res.status >= 500 ? 'error' : 'info', 'request', {
      trace_id: trace.trace_id,
      method: c.req.method,
      // The route, not the path: paths hold ids, queries hold tickets.
      route: endpoint?.path ?? 'none',
      status: c.res.status,
      ms: Date.now() - began,
      tenant: c.get('caller')?.tenant,
      subject_id: c.get('caller')?.subject_id,
    });
  });
  // Fixed paths before those with a parameter, so that `/api/plans/schema.json` is not a plan's id.
  const fixedFirst = [...ENDPOINTS].sort(
    (a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')),
  );
  for (const endpoint of fixedFirst) register(app, endpoint);
  refuseMethod(app);
  app.notFound((c) =>
    problemResponse(
      new ProblemError('not_found', `There is nothing at ${c.req.path}.`),
      c.get('trace').trace_id,
    ),
  );
  app.onError((error, c) => {
    const { trace_id } = c.get('trace');
    return problemResponse(toProblem(error, trace_id), trace_id);
  });
  return app;
}
