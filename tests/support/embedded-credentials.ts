import { randomBytes } from 'node:crypto';
import {
  type Credentials,
  type CredentialsConfig,
  type CredentialsDeps,
  createCredentials,
} from '#workers/credentials/index.ts';
import { type ControlLogin, provisionVault } from '../../scripts/vault/provision.ts';
import type { EmbeddedServices } from './embedded.ts';

export const vaultAddress = (services: EmbeddedServices): string => `${services.url}/vault`;

/** A tenant made ready in the embedded Vault, with one model key, and the configuration that goes with it. */
export async function credentialsFor(
  services: EmbeddedServices,
  tenant: string,
): Promise<{ config: CredentialsConfig; login: ControlLogin; make(deps?: CredentialsDeps): Credentials }> {
  const login = await provisionVault({
    addr: vaultAddress(services),
    token: services.rootToken,
    tenant,
    modelKeys: { embedded: services.modelKey },
  });
  const config: CredentialsConfig = {
    vault: { addr: vaultAddress(services), ...login },
    store: { kind: 'upstash', url: `${services.url}/redis`, token: services.redisToken },
    sealing: { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } },
  };
  return { config, login, make: (deps) => createCredentials(config, deps) };
}
