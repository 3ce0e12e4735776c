import type { Caller } from '#contract/access.ts';
import type { AgentCaller } from '#contract/agents.ts';
import { controlStub, pipelineStub } from '#objects/shared/stubs.ts';
import { keyedHash, parseKey, parseToken, sameText } from '#objects/tenant/index.ts';
import type { Config, Env } from '#workers/config.ts';
import { AFTER_THE_END, FOR_AGENTS, TENANT_WIDE } from './access.ts';
import { cookieOf } from './cookie.ts';
import type { Endpoint } from './endpoint.ts';
import { platformSession } from './platform.ts';
import { ProblemError, problemOf } from './problem.ts';
import { parseSessionToken } from './session-token.ts';

export type Identity =
  | { kind: 'platform' }
  | { kind: 'caller'; caller: Caller }
  | { kind: 'agent'; agent: AgentCaller };

const BEARER = /^Bearer +([\x21-\x7e]{1,300})$/i;
const refused = () => new ProblemError('unauthenticated', 'The key is unknown, expired or revoked.');

async function byKey(env: Env, config: Config, key: string): Promise<Identity> {
  if (sameText(key, config.platformKey)) return { kind: 'platform' };
  const parsed = parseKey(key);
  if (!parsed) throw refused();
  const caller = await controlStub(env.CONTROL, parsed.tenant).authenticateKey(key);
  if (!caller.ok) throw problemOf(caller.error);
  return { kind: 'caller', caller: caller.value };
}

/** GOV-7: only the pipeline's own object knows its agents' sessions. */
async function bySessionToken(env: Env, config: Config, token: string, over: boolean): Promise<Identity> {
  const parsed = parseSessionToken(token);
  if (!parsed) throw refused();
  const { tenant, pipeline_id } = parsed;
  const hash = keyedHash(config.keyPepper, token);
  const agent = await pipelineStub(env.PIPELINE, tenant, pipeline_id).agentSession(tenant, hash, over);
  if (!agent.ok) throw problemOf(agent.error);
  return { kind: 'agent', agent: agent.value };
}

async function byTicket(env: Env, ticket: string): Promise<Identity> {
  const parsed = parseToken('tkt', ticket);
  if (!parsed) throw new ProblemError('unauthenticated', 'The ticket is not one of ours.');
  const caller = await controlStub(env.CONTROL, parsed.tenant).redeemTicket(ticket);
  if (!caller.ok) throw problemOf(caller.error);
  return { kind: 'caller', caller: caller.value };
}

/** TEN-3: another site can make a browser send the cookie, but neither this header nor our own Origin with it. */
export function checkOwnSite(request: Request, config: Config): void {
  const origin = request.headers.get('origin');
  const hosts = [
    new URL(request.url).host,
    config.publicUrl === null ? null : new URL(config.publicUrl).host,
  ];
  const own = origin !== null && hosts.includes(URL.parse(origin)?.host ?? '');
  if (!own)
    throw new ProblemError('origin_refused', 'A session may only be used from the dashboard’s own address.');
  if (request.headers.get('x-ags-csrf') !== '1')
    throw new ProblemError('origin_refused', 'The header `X-AGS-CSRF: 1` is missing.');
}

async function bySession(env: Env, config: Config, request: Request, cookie: string): Promise<Identity> {
  const parsed = parseToken('ses', cookie);
  if (!parsed) throw new ProblemError('unauthenticated', 'The session is over; sign in again.');
  if (request.method !== 'GET' && request.method !== 'HEAD') checkOwnSite(request, config);
  const caller = await controlStub(env.CONTROL, parsed.tenant).authenticateSession(cookie);
  if (!caller.ok) throw problemOf(caller.error);
  return { kind: 'caller', caller: caller.value };
}

/** TEN-3: the platform admin's, which counts nowhere but on the platform's own endpoints. */
async function byPlatformSession(
  env: Env,
  config: Config,
  request: Request,
  cookie: string,
): Promise<Identity> {
  if (request.method !== 'GET' && request.method !== 'HEAD') checkOwnSite(request, config);
  if ((await platformSession(env, config, cookie)) === null)
    throw new ProblemError('unauthenticated', 'The platform admin’s session is over; sign in again.');
  return { kind: 'platform' };
}

/** Who sends this request: a bearer key before anything else, on streams a single-use ticket, else the session's cookie. */
export async function authenticate(
  env: Env,
  config: Config,
  request: Request,
  endpoint: Endpoint,
): Promise<Identity> {
  const header = request.headers.get('authorization');
  if (header !== null) {
    const key = BEARER.exec(header)?.[1];
    if (key === undefined) throw refused();
    const over = AFTER_THE_END.has(endpoint.name);
    return key.startsWith('agt_') ? bySessionToken(env, config, key, over) : byKey(env, config, key);
  }
  if (endpoint.stream) {
    const ticket = new URL(request.url).searchParams.get('ticket');
    if (ticket === null)
      throw new ProblemError('unauthenticated', 'A stream needs a ticket or a bearer key.');
    return byTicket(env, ticket);
  }
  if (endpoint.access === 'platform') {
    const platform = cookieOf(request, 'platform');
    if (platform !== null) return byPlatformSession(env, config, request, platform);
  }
  const cookie = cookieOf(request);
  if (cookie === null)
    throw new ProblemError('unauthenticated', 'The request carries no key and no session.');
  return bySession(env, config, request, cookie);
}

/** TEN-4: the table of rights, applied. Answers the caller, or null where the endpoint has none. */
export function authorise(identity: Identity, endpoint: Endpoint): Caller | null {
  if (identity.kind === 'agent') {
    if (FOR_AGENTS.has(endpoint.name)) return null;
    throw new ProblemError('forbidden', 'An agent’s session token may not do this.', {
      remedy: 'It opens POST /api/actions and what follows from it; the rest takes a key.',
    });
  }
  if (endpoint.access === 'platform') {
    if (identity.kind === 'platform') return null;
    throw new ProblemError('forbidden', 'Only the platform admin may do this.');
  }
  if (identity.kind === 'platform') {
    // What concerns the deployment as well as its tenants; the handler keeps them apart.
    if (endpoint.access !== 'open' && endpoint.access.includes('platform')) return null;
    throw new ProblemError('forbidden', 'The platform admin’s key opens no tenant’s data.', {
      remedy: 'Use a key of the tenant; POST /api/tenants/{tenant}/bootstrap-key makes one.',
    });
  }
  const { caller } = identity;
  if (endpoint.access !== 'open' && !endpoint.access.includes(caller.role))
    throw new ProblemError('forbidden', `The role “${caller.role}” may not do this.`, {
      remedy:
        endpoint.access.length === 0
          ? 'It takes the session token of an outside agent; POST /api/agents gives one.'
          : `It takes one of the roles ${endpoint.access.join(', ')}.`,
    });
  if (caller.project_ids !== null && TENANT_WIDE.has(endpoint.name))
    throw new ProblemError('forbidden', 'A key for some projects may not administer the tenant.', {
      remedy: 'Use a key for all projects.',
    });
  return caller;
}
