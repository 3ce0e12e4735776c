import type { Secrets } from './state-folder.ts';

/** RUN-3: which services this start uses. Each is the real one where the environment names it, otherwise the embedded one. */
export interface Services {
  vault: { kind: 'real'; addr: string; namespace: string | null } | { kind: 'embedded' };
  store: 'upstash' | 'redis' | 'embedded';
  model: {
    provider: 'openrouter' | 'compatible' | 'workers_ai' | 'embedded';
    keyInEnvironment: string | null;
  };
  /** At least one is embedded, so that Worker has to run. */
  needsEmbedded: boolean;
}

export class BadEnvironment extends Error {
  override readonly name = 'BadEnvironment';
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

/** Local OpenAI-compatible servers take any key; Vault still has to hold one. */
const NO_KEY = 'none';

function chooseModel(env: NodeJS.ProcessEnv): Services['model'] {
  const asked = env.MODEL_PROVIDER || undefined;
  if (asked === 'embedded') return { provider: 'embedded', keyInEnvironment: null };
  if (asked === 'workers_ai') {
    if (!env.CLOUDFLARE_ACCOUNT_ID)
      throw new BadEnvironment(
        'MODEL_PROVIDER=workers_ai needs CLOUDFLARE_ACCOUNT_ID',
        'Set it; CLOUDFLARE_API_TOKEN is the key.',
      );
    return { provider: 'workers_ai', keyInEnvironment: env.CLOUDFLARE_API_TOKEN || null };
  }
  if (asked === 'compatible' || (asked === undefined && env.MODEL_BASE_URL)) {
    if (!env.MODEL_BASE_URL)
      throw new BadEnvironment(
        'MODEL_PROVIDER=compatible needs MODEL_BASE_URL',
        'e.g. http://127.0.0.1:11434/v1',
      );
    if (!env.MODEL_NAME)
      throw new BadEnvironment('MODEL_BASE_URL needs MODEL_NAME', 'Name a model that the endpoint offers.');
    return { provider: 'compatible', keyInEnvironment: env.MODEL_API_KEY || NO_KEY };
  }
  if (asked === 'openrouter' || (asked === undefined && env.OPENROUTER_API_KEY)) {
    return { provider: 'openrouter', keyInEnvironment: env.OPENROUTER_API_KEY || null };
  }
  if (asked !== undefined)
    throw new BadEnvironment(
      `MODEL_PROVIDER=${asked} is not a provider`,
      'openrouter, compatible, workers_ai or embedded',
    );
  return { provider: 'embedded', keyInEnvironment: null };
}

function chooseVault(env: NodeJS.ProcessEnv): Services['vault'] {
  if (!env.VAULT_ADDR) return { kind: 'embedded' };
  if (!env.VAULT_TOKEN && !(env.VAULT_ROLE_ID && env.VAULT_SECRET_ID)) {
    throw new BadEnvironment(
      'VAULT_ADDR is set, but neither an AppRole nor a token to make one',
      'Set VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN of an administrator; unset VAULT_ADDR for the embedded one.',
    );
  }
  return { kind: 'real', addr: env.VAULT_ADDR.replace(/\/+$/, ''), namespace: env.VAULT_NAMESPACE || null };
}

function chooseStore(env: NodeJS.ProcessEnv): Services['store'] {
  if (env.REDIS_URL && env.UPSTASH_REDIS_REST_URL) {
    throw new BadEnvironment('REDIS_URL and UPSTASH_REDIS_REST_URL are both set', 'Unset one of them.');
  }
  if (env.REDIS_URL) return 'redis';
  if (Boolean(env.UPSTASH_REDIS_REST_URL) !== Boolean(env.UPSTASH_REDIS_REST_TOKEN)) {
    throw new BadEnvironment(
      'UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN belong together',
      'Set both or neither.',
    );
  }
  return env.UPSTASH_REDIS_REST_URL ? 'upstash' : 'embedded';
}

export function chooseServices(env: NodeJS.ProcessEnv): Services {
  const vault = chooseVault(env);
  const store = chooseStore(env);
  const model = chooseModel(env);
  const needsEmbedded = vault.kind === 'embedded' || store === 'embedded' || model.provider === 'embedded';
  return { vault, store, model, needsEmbedded };
}

/** What is real and what is not, in one line. */
export function describeServices({ vault, store, model }: Services): string {
  const stores = { upstash: 'Upstash Redis', redis: 'Redis', embedded: 'embedded store' };
  return [
    vault.kind === 'real' ? `Vault at ${new URL(vault.addr).host}` : 'embedded Vault',
    stores[store],
    model.provider === 'embedded' ? 'embedded model (not an LLM)' : `model by ${model.provider}`,
  ].join(' · ');
}

/** Variables of the product's Worker that point at the chosen services. */
export function serviceVariables(
  services: Services,
  embeddedUrl: string | null,
  login: { role_id: string; secret_id: string },
  secrets: Secrets,
  env: NodeJS.ProcessEnv,
): Record<string, string | undefined> {
  const { vault, store, model } = services;
  return {
    VAULT_ADDR: vault.kind === 'real' ? vault.addr : `${embeddedUrl}/vault`,
    VAULT_NAMESPACE: vault.kind === 'real' ? (vault.namespace ?? undefined) : undefined,
    VAULT_ROLE_ID: login.role_id,
    VAULT_SECRET_ID: login.secret_id,
    ...(store === 'redis' && { REDIS_URL: env.REDIS_URL }),
    ...(store === 'upstash' && {
      UPSTASH_REDIS_REST_URL: env.UPSTASH_REDIS_REST_URL,
      UPSTASH_REDIS_REST_TOKEN: env.UPSTASH_REDIS_REST_TOKEN,
    }),
    ...(store === 'embedded' && {
      UPSTASH_REDIS_REST_URL: `${embeddedUrl}/redis`,
      UPSTASH_REDIS_REST_TOKEN: secrets.redis_token,
    }),
    MODEL_PROVIDER: model.provider,
    ...(model.provider === 'embedded'
      ? { MODEL_BASE_URL: `${embeddedUrl}/openai/v1` }
      : {
          MODEL_BASE_URL: env.MODEL_BASE_URL,
          MODEL_NAME: env.MODEL_NAME,
          MODEL_FALLBACKS: env.MODEL_FALLBACKS,
          MODEL_PRICES: env.MODEL_PRICES,
          CLOUDFLARE_ACCOUNT_ID: env.CLOUDFLARE_ACCOUNT_ID,
        }),
    AGS_HTTP_ALLOW: env.AGS_HTTP_ALLOW,
    AGS_MCP_LOCAL: env.AGS_MCP_LOCAL,
  };
}
