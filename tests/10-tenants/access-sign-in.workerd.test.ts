import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Problem } from '#contract/problem.ts';
import { answer, ask, env, makeTenant, type TestTenant } from '#tests/support/worker.ts';

const TEAM = 'https://acme.cloudflareaccess.com';
const AUDIENCE = 'a'.repeat(64);
const BEHIND = { ...env, AGS_ACCESS_TEAM: TEAM, AGS_ACCESS_AUDIENCE: AUDIENCE };
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

let acme: TestTenant;
let team: CryptoKeyPair;
let stranger: CryptoKeyPair;
let fetched = 0;
beforeAll(async () => {
  acme = await makeTenant('acme');
  const person = await answer<{ subject_id: string }>('/api/people', {
    key: acme.bootstrap,
    body: { name: 'Ada', kind: 'person', email: 'Ada@example.com' },
  });
  await acme.newKey({ role: 'operator', owner: person.body.subject_id });
  team = (await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])) as CryptoKeyPair;
  stranger = (await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])) as CryptoKeyPair;
});
afterEach(() => vi.restoreAllMocks());

/** The team's certificates, as Access publishes them. */
function certificates(): void {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    expect(String(input)).toBe(`${TEAM}/cdn-cgi/access/certs`);
    fetched += 1;
    const jwk = (await crypto.subtle.exportKey('jwk', team.publicKey)) as JsonWebKey;
    return Response.json({ keys: [{ ...jwk, kid: 'k1', alg: 'RS256', use: 'sig' }] });
  });
}

const encoded = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const part = (value: object): string => encoded(new TextEncoder().encode(JSON.stringify(value)));
async function token(claims: object = {}, head: object = {}, by = team): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const said = { iss: TEAM, aud: [AUDIENCE], exp: now + 300, nbf: now, email: 'ada@example.com', ...claims };
  const signed = `${part({ alg: 'RS256', kid: 'k1', ...head })}.${part(said)}`;
  const signature = await crypto.subtle.sign(RSA.name, by.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${encoded(new Uint8Array(signature))}`;
}
const signIn = (jwt: string | null, tenant = 'acme', environment: object = BEHIND) =>
  ask('/api/auth/access', {
    body: { tenant },
    env: environment,
    headers: jwt === null ? {} : { 'cf-access-jwt-assertion': jwt },
  });
it('TEN-3: anybody may ask whether Access is an option here, which is all that is told', async () => {
  const methods = async (environment?: object) =>
    (await answer<object>('/api/auth/methods', environment ? { env: environment } : {})).body;
  expect([await methods(), await methods(BEHIND)]).toEqual([{ access: false }, { access: true }]);
});

const codeOf = async (response: Response) => ((await response.json()) as Problem).code;

it('TEN-3 TEN-5: Cloudflare Access signs in the person with that address, with what their key may do', async () => {
  certificates();
  const response = await signIn(await token());
  expect(response.status).toBe(201);
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
  const who = await answer('/api/auth/whoami', { headers: { cookie } });
  expect(who.body).toMatchObject({ name: 'Ada', subject_kind: 'person', role: 'operator', via: 'session' });
  expect((await signIn(await token())).status).toBe(201);
  expect(fetched).toBe(1);
});

it('TEN-3: a token that is forged, late, for somebody else, unsigned or changed is refused', async () => {
  certificates();
  const now = Math.floor(Date.now() / 1_000);
  const good = await token();
  const [head = '', , signature = ''] = good.split('.');
  const wrong = [
    await token({}, {}, stranger),
    await token({ exp: now - 120 }),
    await token({ nbf: now + 600 }),
    await token({ aud: ['another application'] }),
    await token({ iss: 'https://evil.cloudflareaccess.com' }),
    await token({ email: 'nobody@example.com' }),
    await token({}, { alg: 'none' }),
    await token({}, { alg: 'HS256' }),
    await token({}, { kid: 'k9' }),
    `${head}.${part({ iss: TEAM, aud: [AUDIENCE], exp: now + 300, email: 'ada@example.com', x: 1 })}.${signature}`,
    `${good}.more`,
    'nonsense',
    'a.b.%%%',
  ];
  for (const jwt of wrong) expect([jwt, await codeOf(await signIn(jwt))]).toEqual([jwt, 'unauthenticated']);
  expect(await codeOf(await signIn(null))).toBe('unauthenticated');
  expect(await codeOf(await signIn(good, 'globex'))).toBe('unauthenticated');
});

it('TEN-3: where the deployment is not behind Access, its header means nothing', async () => {
  const response = await signIn(await token(), 'acme', env);
  expect([response.status, await codeOf(response)]).toEqual([501, 'not_implemented_here']);
});
