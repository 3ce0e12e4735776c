import type { RedisObject } from './redis/object.ts';
import type { VaultObject } from './vault/object.ts';

/** What the embedded Worker is started with; `npm start` makes the three secrets and keeps them for the next start. */
export interface EmbeddedEnv {
  VAULT: DurableObjectNamespace<VaultObject>;
  REDIS: DurableObjectNamespace<RedisObject>;
  EMBEDDED_VAULT_ROOT_TOKEN: string;
  EMBEDDED_REDIS_TOKEN: string;
  EMBEDDED_MODEL_KEY: string;
  /** `1` opens `/_test/*`: tests move the clock and cause faults. Unset everywhere else. */
  EMBEDDED_TEST_CONTROLS?: string;
}
