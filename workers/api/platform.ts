import { directoryStub } from '#objects/shared/stubs.ts';
import { isPlatformToken, keyedHash, newPlatformToken } from '#objects/tenant/index.ts';
import type { Config, Env } from '#workers/config.ts';

/** Who did what the platform admin's key did, in a tenant's own log (TEN-5). */
export const PLATFORM_ACTOR = 'platform:admin';

/** TEN-3, ms: an hour, because it opens more than any tenant's session does. */
const SESSION_TTL_MS = 3_600_000;

/** The key is in the hash, so that another key in the configuration ends every session of the old one. */
const hashOf = ({ keyPepper, platformKey }: Config, token: string): string =>
  keyedHash(keyPepper, `${token}\n${platformKey}`);

/** TEN-3: for who has just shown the platform admin's key. `token` goes into the cookie; only its hash is kept. */
export async function openPlatformSession(
  env: Env,
  config: Config,
): Promise<{ token: string; expires_at: string }> {
  const token = newPlatformToken();
  const end = Date.now() + SESSION_TTL_MS;
  await directoryStub(env.DIRECTORY).openPlatformSession(hashOf(config, token), end);
  return { token, expires_at: new Date(end).toISOString() };
}

/** When the session of this cookie ends; null: it is over, or was never one. */
export async function platformSession(env: Env, config: Config, token: string): Promise<string | null> {
  if (!isPlatformToken(token)) return null;
  const end = await directoryStub(env.DIRECTORY).platformSession(hashOf(config, token));
  return end === null ? null : new Date(end).toISOString();
}

export const closePlatformSession = (env: Env, config: Config, token: string): Promise<void> =>
  directoryStub(env.DIRECTORY).closePlatformSession(hashOf(config, token));
