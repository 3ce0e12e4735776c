import * as z from 'zod';
import type { Config } from '#workers/config.ts';
import { ProblemError } from './problem.ts';

/** Cloudflare Access puts its token here on every request that it lets through. */
export const ACCESS_HEADER = 'cf-access-jwt-assertion';

/** Keys of a team are turned over every six weeks; an hour is what its own documentation keeps them for (ms). */
const KEYS_KEPT = 3_600_000;
/** A token that names an unknown key makes us look for new ones, at most this often (ms). */
const KEYS_AGAIN = 60_000;
/** Clocks of two companies (s). */
const SKEW_S = 60;
const TIMEOUT_MS = 5_000;

const Keys = z.object({
  keys: z.array(z.looseObject({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() })),
});
const Head = z.object({ alg: z.literal('RS256'), kid: z.string() });
const Claims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  nbf: z.number().optional(),
  email: z.email(),
});

type Team = NonNullable<Config['access']>;
const known = new Map<string, { at: number; keys: Map<string, CryptoKey> }>();

const refused = (why: string) =>
  new ProblemError('unauthenticated', `The token of Cloudflare Access ${why}.`);

async function fetchKeys(team: string): Promise<Map<string, CryptoKey>> {
  const response = await fetch(`${team}/cdn-cgi/access/certs`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const { keys } = Keys.parse(await response.json());
  const imported = keys.map(async ({ kid, kty, n, e }) => {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    return [kid, await crypto.subtle.importKey('jwk', { kty, n, e }, algorithm, false, ['verify'])] as const;
  });
  return new Map(await Promise.all(imported));
}

async function keyOf(team: string, kid: string): Promise<CryptoKey> {
  const held = known.get(team);
  const age = Date.now() - (held?.at ?? 0);
  const found = held && age < KEYS_KEPT ? held.keys.get(kid) : undefined;
  if (found) return found;
  if (held && age < KEYS_AGAIN) throw refused('is signed by a key that its team does not have');
  try {
    known.set(team, { at: Date.now(), keys: await fetchKeys(team) });
  } catch {
    throw new ProblemError('overloaded', 'The keys of Cloudflare Access cannot be fetched.', {
      retry_after_s: 5,
    });
  }
  const fresh = known.get(team)?.keys.get(kid);
  if (!fresh) throw refused('is signed by a key that its team does not have');
  return fresh;
}

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

function parsed<T>(schema: z.ZodType<T>, part: string): T {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytesOf(part))));
  } catch {
    throw refused('is malformed');
  }
}

/** TEN-3: whose token it is: signed by the team, for this application, now. Answers the e-mail address that Access has verified. */
export async function verifyAccessToken(token: string, { team, audience }: Team): Promise<string> {
  const [head = '', claims = '', signature = '', more] = token.split('.');
  if (signature === '' || more !== undefined || token.length > 8_000) throw refused('is malformed');
  const { kid } = parsed(Head, head);
  const said = parsed(Claims, claims);
  const key = await keyOf(team, kid);
  let given: Uint8Array<ArrayBuffer>;
  try {
    given = bytesOf(signature);
  } catch {
    throw refused('is malformed');
  }
  const signed = new TextEncoder().encode(`${head}.${claims}`);
  if (!(await crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, given, signed)))
    throw refused('has a wrong signature');
  const now = Date.now() / 1_000;
  if (said.iss !== team) throw refused('is another team’s');
  if (![said.aud].flat().includes(audience)) throw refused('is for another application');
  if (said.exp + SKEW_S < now || (said.nbf ?? 0) - SKEW_S > now) throw refused('is not valid now');
  return said.email.toLowerCase();
}
