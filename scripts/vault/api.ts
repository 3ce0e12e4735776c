/** Vault's HTTP API for an administrator's token: provisioning, not the product's own path (`workers/credentials`). */
export interface AdminAccess {
  addr: string;
  token: string;
  namespace?: string | null;
}

export class VaultAdminError extends Error {}

const TIMEOUT_MS = 15_000;

export type Json = Record<string, unknown>;

/**
 * One call; null where Vault has nothing (404). @throws VaultAdminError with Vault's own error texts: they name what an administrator lacks, and no
 * call made here puts a secret where Vault would quote it.
 */
export async function vaultAdmin(
  access: AdminAccess,
  method: 'GET' | 'POST',
  path: string,
  body?: Json,
): Promise<Json | null> {
  const headers: Record<string, string> = { 'x-vault-token': access.token, 'x-vault-request': 'true' };
  if (access.namespace) headers['x-vault-namespace'] = access.namespace;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${access.addr.replace(/\/+$/, '')}/v1/${path}`, {
      method,
      headers,
      body: body ? JSON.stringify(body) : undefined,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (cause) {
    throw new VaultAdminError(
      `Vault at ${access.addr} cannot be reached: is VAULT_ADDR right, and Vault up?`,
      {
        cause,
      },
    );
  }
  const answer = parse(text);
  if (response.status === 404 && method === 'GET') return null;
  if (!response.ok) {
    const errors = Array.isArray(answer?.errors)
      ? answer.errors.join('; ').replaceAll(/\s+/g, ' ').trim()
      : '';
    throw new VaultAdminError(
      `Vault answered ${response.status} to ${method} ${path}${errors && `: ${errors}`}`,
    );
  }
  return answer ?? {};
}

function parse(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}
