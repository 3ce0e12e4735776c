import * as z from 'zod';
import {
  Caller,
  PlatformSession,
  SessionRequest,
  SignInLink,
  SignInMethods,
  TenantSlug,
  Ticket,
} from '#contract/access.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import { parseKey, parseToken, sameText } from '#objects/tenant/index.ts';
import { ACCESS_HEADER, verifyAccessToken } from '../access-token.ts';
import { cookieOf, sessionCookie } from '../cookie.ts';
import { type Asked, endpoint, json, noContent } from '../endpoint.ts';
import { closePlatformSession, openPlatformSession, platformSession } from '../platform.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { controlOf } from '../scope.ts';

/** TEN-3, seconds: a link is for the next minutes, at most a day. */
const LINK_TTL_S = 900;
const LinkRequest = z.strictObject({ ttl_s: z.int().min(30).max(86_400).optional() });
const OneOf = SessionRequest.refine((r) => (r.key === undefined) !== (r.link_token === undefined), {
  error: 'give either key or link_token',
  path: ['key'],
});

/** Another site may not sign a browser into an account of its own choosing. */
function refuseForeignOrigin({ request, url, config }: Asked): void {
  const origin = request.headers.get('origin');
  if (origin === null) return;
  const host = URL.parse(origin)?.host;
  const own = [url.host, config.publicUrl === null ? null : new URL(config.publicUrl).host];
  if (host === undefined || !own.includes(host))
    throw new ProblemError('origin_refused', 'Signing in works only from the dashboard’s own address.');
}

function signedIn({ url }: Asked, a: { cookie: string; caller: Caller; expires_at: string }): Response {
  const seconds = Math.floor((Date.parse(a.expires_at) - Date.now()) / 1_000);
  return json(201, a.caller, { 'set-cookie': sessionCookie(url, a.cookie, seconds) });
}

/** TEN-3: the platform admin's own session, beside a tenant's and apart from it. */
const platform = [
  endpoint('POST /api/auth/platform', {
    summary: 'Sign in as the platform admin; sets a cookie of its own, for an hour (TEN-3)',
    body: z.strictObject({ key: z.string().max(300) }),
    answers: { 201: PlatformSession },
    problems: ['unauthenticated', 'origin_refused'],
    async handle(asked) {
      refuseForeignOrigin(asked);
      const { env, config, url, body } = asked;
      if (!sameText(body.key, config.platformKey))
        throw new ProblemError('unauthenticated', 'This is not the platform admin’s key.');
      const { token, expires_at } = await openPlatformSession(env, config);
      const seconds = Math.floor((Date.parse(expires_at) - Date.now()) / 1_000);
      return json(201, { expires_at }, { 'set-cookie': sessionCookie(url, token, seconds, 'platform') });
    },
  }),
  endpoint('GET /api/auth/platform', {
    summary: 'Until when the platform admin is signed in',
    query: z.strictObject({}),
    answers: { 200: PlatformSession },
    async handle({ env, config, request }) {
      const token = request.headers.has('authorization') ? null : cookieOf(request, 'platform');
      return json(200, { expires_at: token && (await platformSession(env, config, token)) });
    },
  }),
  endpoint('DELETE /api/auth/platform', {
    summary: 'Sign the platform admin out',
    answers: { 204: null },
    async handle({ env, config, request, url }) {
      const token = cookieOf(request, 'platform');
      if (token !== null) await closePlatformSession(env, config, token);
      return noContent({ 'set-cookie': sessionCookie(url, '', 0, 'platform') });
    },
  }),
];

export const auth = [
  ...platform,
  endpoint('GET /api/auth/methods', {
    summary: 'How a person may sign in here, besides by key and by link (TEN-3)',
    query: z.strictObject({}),
    answers: { 200: SignInMethods },
    handle: ({ config }) => json(200, { access: config.access !== null }),
  }),
  endpoint('POST /api/auth/session', {
    summary: 'Sign in with a key or a one-time link; sets the session’s cookie (TEN-3)',
    body: OneOf,
    answers: { 201: Caller },
    problems: ['unauthenticated', 'origin_refused'],
    async handle(asked) {
      refuseForeignOrigin(asked);
      const { key, link_token = '' } = asked.body;
      const tenant = (key === undefined ? parseToken('lnk', link_token) : parseKey(key))?.tenant;
      if (tenant === undefined)
        throw new ProblemError(
          'unauthenticated',
          key === undefined ? 'This is not a sign-in link of ours.' : 'This is not a key of ours.',
        );
      const opened = await controlStub(asked.env.CONTROL, tenant).openSession(
        key === undefined ? { link_token } : { key },
      );
      if (!opened.ok) throw problemOf(opened.error);
      return signedIn(asked, opened.value);
    },
  }),
  endpoint('POST /api/auth/access', {
    summary:
      'Sign in as the person whom Cloudflare Access let through, where the deployment is behind it (TEN-3)',
    body: z.strictObject({ tenant: TenantSlug }),
    answers: { 201: Caller },
    problems: ['unauthenticated', 'origin_refused', 'not_implemented_here'],
    async handle(asked) {
      refuseForeignOrigin(asked);
      const { access } = asked.config;
      if (access === null)
        throw new ProblemError('not_implemented_here', 'This deployment is not behind Cloudflare Access.');
      const token = asked.request.headers.get(ACCESS_HEADER);
      if (token === null)
        throw new ProblemError('unauthenticated', 'The request did not come through Cloudflare Access.');
      const email = await verifyAccessToken(token, access);
      const opened = await controlStub(asked.env.CONTROL, asked.body.tenant).openSession({ email });
      if (!opened.ok) throw problemOf(opened.error);
      return signedIn(asked, opened.value);
    },
  }),
  endpoint('DELETE /api/auth/session', {
    summary: 'Sign out',
    answers: { 204: null },
    async handle(asked) {
      const cookie = cookieOf(asked.request);
      if (cookie !== null) await controlOf(asked).closeSession(cookie);
      return noContent({ 'set-cookie': sessionCookie(asked.url, '', 0) });
    },
  }),
  endpoint('GET /api/auth/whoami', {
    summary: 'Who the key or session belongs to, and what it may do',
    query: z.strictObject({}),
    answers: { 200: Caller },
    handle: (asked) => json(200, asked.caller),
  }),
  endpoint('POST /api/auth/links', {
    summary: 'A link that signs one browser in, once',
    body: LinkRequest,
    answers: { 201: SignInLink },
    async handle(asked) {
      const { token, expires_at } = await controlOf(asked).createSignInLink(
        asked.caller,
        asked.body.ttl_s ?? LINK_TTL_S,
      );
      const url = new URL('/signin', asked.config.publicUrl ?? asked.url.origin);
      url.searchParams.set('token', token);
      return json(201, { url: url.href, token, expires_at });
    },
  }),
  endpoint('POST /api/tickets', {
    summary: 'A ticket that opens one WebSocket within 30 s (TEN-3)',
    body: z.strictObject({}),
    answers: { 201: Ticket },
    handle: async (asked) => json(201, await controlOf(asked).createTicket(asked.caller)),
  }),
];
