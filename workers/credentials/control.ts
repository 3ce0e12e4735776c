import { ok, type Result } from '#domain/result.ts';
import type { CredentialError } from './errors.ts';
import { authSchema, type Vault, type VaultCall } from './vault.ts';

export interface AppRoleLogin {
  role_id: string;
  secret_id: string;
}

export type ControlPlane = ReturnType<typeof createControlPlane>;

/** A lease is renewed once less than this part of it is left. */
const RENEW_BELOW = 1 / 3;

/**
 * The control plane's own session: its AppRole's token, kept for this isolate and renewed. Only finished values are kept, never
 * a pending promise: in Workers one request must not wait for another's I/O. Two logins at once do no harm.
 */
export function createControlPlane(vault: Vault, login: AppRoleLogin, now: () => number) {
  let session: { token: string; from: number; until: number } | null = null;

  function keep(auth: { client_token: string; lease_duration: number }, since: number): string {
    session = { token: auth.client_token, from: since, until: since + auth.lease_duration * 1_000 };
    return auth.client_token;
  }

  async function logIn(): Promise<Result<string, CredentialError>> {
    const since = now();
    const answer = await vault.call({
      method: 'POST',
      path: 'auth/approle/login',
      body: { role_id: login.role_id, secret_id: login.secret_id },
      what: 'log in as the control plane',
      schema: authSchema,
    });
    return answer.ok ? ok(keep(answer.value.auth, since)) : answer;
  }

  async function token(): Promise<Result<string, CredentialError>> {
    const since = now();
    if (!session || session.until <= since) return logIn();
    const left = (session.until - since) / (session.until - session.from);
    if (left >= RENEW_BELOW) return ok(session.token);
    const renewed = await vault.call({
      method: 'POST',
      path: 'auth/token/renew-self',
      token: session.token,
      body: {},
      what: "renew the control plane's token",
      schema: authSchema,
    });
    if (!renewed.ok) return logIn();
    const { client_token, lease_duration } = renewed.value.auth;
    return ok(keep({ client_token: client_token || session.token, lease_duration }, since));
  }

  /**
   * Calls as the control plane. A refusal is tried once more with a new login: the token may have died, or have been issued
   * before a tenant's policy was added to the AppRole.
   */
  async function call<T>(request: Omit<VaultCall<T>, 'token'>): Promise<Result<T, CredentialError>> {
    const first = await token();
    if (!first.ok) return first;
    const answer = await vault.call({ ...request, token: first.value });
    if (answer.ok || answer.error.kind !== 'denied') return answer;
    const second = await logIn();
    if (!second.ok) return second;
    // With a token this fresh a refusal is about rights. `token_dead` must only ever speak of the token that was asked about.
    return vault.call({ ...request, token: second.value });
  }

  return { call };
}
