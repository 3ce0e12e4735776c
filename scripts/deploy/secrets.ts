/** What `workers/config.ts` needs in production beyond the `[vars]` of wrangler.toml, and where it comes from. */
export const REQUIRED: Record<string, string> = {
  AGS_KEY_PEPPER: 'openssl rand -base64 48',
  AGS_PLATFORM_KEY: 'openssl rand -base64 48',
  AGS_SEALING_KEYS: 'echo "k1:$(openssl rand -base64 32)"',
  AGS_LEDGER_KEYS: 'echo "l1:$(openssl rand -base64 32)"',
  VAULT_ADDR: 'the address of Vault, https',
  VAULT_ROLE_ID: 'printed by scripts/vault/provision.ts',
  VAULT_SECRET_ID: 'printed by scripts/vault/provision.ts',
  MODEL_PROVIDER: 'openrouter, compatible or workers_ai',
};

/** One of these sets is needed: the sealed store. */
export const STORES: string[][] = [['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN'], ['REDIS_URL']];

/** Names that are missing, each with where its value comes from. Empty: all there. */
export function missingSecrets(names: readonly string[]): string[] {
  const has = (name: string): boolean => names.includes(name);
  const missing = Object.entries(REQUIRED)
    .filter(([name]) => !has(name))
    .map(([name, source]) => `${name}  (${source})`);
  if (!STORES.some((set) => set.every(has)))
    missing.push('UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL  (the sealed store)');
  return missing;
}
