import type { Tier } from '#domain/governance/tier.ts';
import type { Result } from '#domain/result.ts';
import type { AppRoleLogin } from './control.ts';
import type { CredentialError } from './errors.ts';
import type { SealingConfig } from './sealing.ts';
import type { SealedStore, StoreConfig } from './store.ts';
import type { VaultConfig, VaultState } from './vault.ts';

export interface CredentialsConfig {
  vault: VaultConfig & AppRoleLogin;
  store: StoreConfig;
  sealing: SealingConfig;
}

/** What a test may replace. */
export interface CredentialsDeps {
  fetch?: typeof fetch;
  store?: SealedStore;
  /** Unix milliseconds. */
  now?: () => number;
  /** OPS-1: hears of every call of Vault or the store: null when it answered, whatever it said. */
  onAnswer?: OnAnswer;
}
export type OnAnswer = (dependency: 'vault' | 'redis', error: CredentialError | null) => void;

/** CRED-1: what a token is renewed to, in seconds. */
export const TOKEN_TTL_S = 7_200;

export interface IssuedToken {
  accessor: string;
  policies: string[];
  /** Seconds from the call on. */
  lease_s: number;
}
export type Outcome<T> = Promise<Result<T, CredentialError>>;

/** The pipelines' and agents' tokens. No function gives a token out: callers hold accessors, tokens lie sealed in the store. */
export interface Credentials {
  /** CRED-1: the pipeline's own AppRole login with a single-use SecretID; the first lease is the role's short one (5 min). */
  login(a: { tenant: string; pipeline: string; generation: number }): Outcome<IssuedToken>;
  /** Renews by accessor alone. `lease_s` below `increment_s` means that the maximum TTL is near: then log in anew. */
  extend(a: { accessor: string; increment_s: number }): Outcome<{ lease_s: number }>;
  /**
   * A child of the pipeline's token, which dies with it; `store_lost` and `token_dead` ask for a new login. With `parent`, the accessor on
   * record, a token that another login of the same generation left in the store is `store_lost` too: its children would not be on record.
   */
  issueAgent(a: {
    parent?: string;
    tenant: string;
    pipeline: string;
    generation: number;
    agent: string;
    tier: Tier;
    ttl_s: number;
  }): Outcome<IssuedToken>;
  /**
   * KV v2 with the agent's own token; `path` is relative to the tenant's folder, e.g. `models/openrouter`. With `accessor`, the one on
   * record, an isolate that has the sealed token already does not ask the store for it.
   */
  readSecret(a: {
    accessor?: string;
    tenant: string;
    pipeline: string;
    generation: number;
    agent: string;
    path: string;
  }): Outcome<Record<string, string>>;
  /** CRED-4: idempotent; a token that is already gone counts as revoked. Proof is a {@link lookup} that says so. */
  revoke(accessor: string): Outcome<void>;
  lookup(accessor: string): Outcome<{ alive: false } | { alive: true; ttl_s: number; policies: string[] }>;
  /** Deletes the sealed tokens of a pipeline and of these agents. */
  forget(a: { pipeline: string; agents: string[] }): Outcome<void>;
  health(): Promise<{ vault: VaultHealth; store: StoreHealth }>;
}
export interface VaultHealth {
  ok: boolean;
  state: VaultState;
  /** Did the development Worker answer? Production must refuse it (RUN-4). */
  embedded: boolean;
  latency_ms: number;
  error?: string;
}
export interface StoreHealth {
  ok: boolean;
  state: 'up' | 'down';
  latency_ms: number;
  error?: string;
}
