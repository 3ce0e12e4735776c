/**
 * Variables of the Worker under test. The services' addresses answer to nobody: tests in workerd that need them replace `fetch` or go
 * through `tests/support/system.ts`.
 */
export const TEST_VARIABLES = {
  AGS_ENVIRONMENT: 'test',
  AGS_KEY_PEPPER: 'a pepper for tests, which is no secret',
  AGS_PLATFORM_KEY: 'platform-key-for-tests-which-is-no-secret',
  AGS_SEALING_KEYS: `k1:${'A'.repeat(43)}=`,
  AGS_LEDGER_KEYS: `l1:${'B'.repeat(42)}A=`,
  AGS_LEDGER_ORIGIN: 'ags.test',
  VAULT_ADDR: 'http://vault.test',
  VAULT_ROLE_ID: 'role',
  VAULT_SECRET_ID: 'secret-id',
  UPSTASH_REDIS_REST_URL: 'http://redis.test',
  UPSTASH_REDIS_REST_TOKEN: 'token',
  MODEL_PROVIDER: 'embedded',
  MODEL_BASE_URL: 'http://model.test/v1',
} as const;
