export type {
  Credentials,
  CredentialsConfig,
  CredentialsDeps,
  IssuedToken,
  OnAnswer,
  StoreHealth,
  VaultHealth,
} from './contract.ts';
export { TOKEN_TTL_S } from './contract.ts';
export { createCredentials } from './credentials.ts';
export { CREDENTIAL_ERROR_KINDS, type CredentialError, type CredentialErrorKind } from './errors.ts';
export type { SealingConfig } from './sealing.ts';
export { createStore, type SealedStore, type StoreConfig } from './store.ts';
export type { VaultState } from './vault.ts';
export { watched } from './watched.ts';
