import * as z from 'zod';
import type { LedgerMessage, RenewalMessage, StepMessage } from '#contract/queue.ts';
import { PROVIDERS, type Price, type Provider } from '#domain/plan/plan.ts';
import { err, ok, type Result } from '#domain/result.ts';

/** Bindings of `wrangler.toml`, and the variables that {@link readConfig} parses. Nothing else reads `env` variables. */
export interface Env extends Variables {
  PIPELINE: DurableObjectNamespace;
  CONTROL: DurableObjectNamespace;
  FEED: DurableObjectNamespace;
  DIRECTORY: DurableObjectNamespace;
  LOG: DurableObjectNamespace;
  LEDGER: D1Database;
  /** LEDG-5. */
  ARCHIVES: R2Bucket;
  LEDGER_QUEUE: Queue<LedgerMessage>;
  RENEWALS: Queue<RenewalMessage>;
  STEPS_0: Queue<StepMessage>;
  STEPS_1: Queue<StepMessage>;
  STEPS_2: Queue<StepMessage>;
  STEPS_3: Queue<StepMessage>;
  STEPS_4: Queue<StepMessage>;
  STEPS_5: Queue<StepMessage>;
  STEPS_6: Queue<StepMessage>;
  STEPS_7: Queue<StepMessage>;
}

interface Variables {
  AGS_ENVIRONMENT?: string;
  AGS_PUBLIC_URL?: string;
  AGS_ACCESS_TEAM?: string;
  AGS_ACCESS_AUDIENCE?: string;
  AGS_KEY_PEPPER?: string;
  AGS_SEALING_KEYS?: string;
  AGS_LEDGER_KEYS?: string;
  AGS_LEDGER_ORIGIN?: string;
  AGS_PLATFORM_KEY?: string;
  AGS_HTTP_ALLOW?: string;
  AGS_MCP_LOCAL?: string;
  VAULT_ADDR?: string;
  VAULT_NAMESPACE?: string;
  VAULT_ROLE_ID?: string;
  VAULT_SECRET_ID?: string;
  UPSTASH_REDIS_REST_URL?: string;
  UPSTASH_REDIS_REST_TOKEN?: string;
  REDIS_URL?: string;
  MODEL_PROVIDER?: string;
  MODEL_BASE_URL?: string;
  MODEL_NAME?: string;
  MODEL_FALLBACKS?: string;
  MODEL_PRICES?: string;
  CLOUDFLARE_ACCOUNT_ID?: string;
}

export const ENVIRONMENTS = ['production', 'local', 'test'] as const;

export interface Config {
  environment: (typeof ENVIRONMENTS)[number];
  /** Where people reach the dashboard; null: wherever the request came to. */
  publicUrl: string | null;
  /** TEN-3: who may sign in through Cloudflare Access; null: nobody. */
  access: { team: string; audience: string } | null;
  /** Of every keyed hash (TEN-2). */
  keyPepper: string;
  platformKey: string;
  /** CRED-2; the first one seals, all of them open. */
  sealingKeys: { kid: string; base64: string }[];
  /** LEDG-2. `origin` begins the name of every log of this deployment. */
  ledger: { origin: string; keys: LedgerKey[] };
  vault: { address: string; namespace: string | null; roleId: string; secretId: string };
  store: { kind: 'upstash'; url: string; token: string } | { kind: 'redis'; url: string };
  model: {
    provider: Provider;
    model: string;
    fallbacks: string[];
    /** PIPE-11: by model name. */
    prices: Readonly<Record<string, Price>>;
    baseUrl: string | null;
    cloudflareAccountId: string | null;
  };
  /** GOV-6: hosts that `http_get` may reach; empty by default. */
  httpAllow: string[];
  /** GOV-9: origins on this machine where an admin may have MCP servers fronted; empty in production. */
  mcpLocal: string[];
}

/** The first key signs; all of them are published. `secret` is false for one of which only the public half is known any more. */
export interface LedgerKey {
  kid: string;
  secret: boolean;
  /** 32 bytes: RFC 8032's secret key, or the public one. */
  base64: string;
}

/** What is wrong with one variable. Never holds its value. */
export interface ConfigProblem {
  name: string;
  problem: string;
}

const DEFAULT_MODELS: Partial<Record<Provider, string>> = {
  openrouter: 'openrouter/auto',
  workers_ai: '@cf/meta/llama-3.3-70b-instruct-fp8-fast',
  embedded: 'extractive-1',
};

const secret = z.string('is missing').min(32, 'must have at least 32 characters');
const http = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });
const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .default([]);
/** Whole micro-USD per million tokens. */
const perMillion = z.int().min(0).max(1_000_000_000);
const Prices = z.record(z.string().min(1), z.strictObject({ input: perMillion, output: perMillion }));
const prices = z
  .string()
  .default('{}')
  .transform((text, context) => {
    const parsed = Prices.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    context.addIssue(
      'must be JSON such as {"MODEL": {"input": 3000000, "output": 15000000}}, in whole micro-USD per million tokens',
    );
    return z.NEVER;
  });
const present = z.string('is missing').min(1, 'is empty');
/** 32 bytes as base64 are 43 characters and one `=`. */
const sealingKey = /^([a-z0-9-]{1,32}):([A-Za-z0-9+/_-]{43}=?)$/;

/** `kid:base64` of the secret half, or `kid:public:base64`; the last character has no spare bits. */
const ledgerKey = /^([a-z0-9-]{1,32}):(public:)?([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$/;

const LOCAL_ORIGIN = /^http:\/\/127\.0\.0\.1:\d{2,5}$/;

const Schema = z.object({
  AGS_ENVIRONMENT: z.enum(ENVIRONMENTS, `must be one of ${ENVIRONMENTS.join(', ')}`),
  AGS_PUBLIC_URL: http.optional(),
  AGS_ACCESS_TEAM: z.url({ protocol: /^https$/, error: 'must be an https URL' }).optional(),
  AGS_ACCESS_AUDIENCE: z.string().min(1, 'is empty').optional(),
  AGS_KEY_PEPPER: secret,
  AGS_PLATFORM_KEY: secret.regex(
    /^[\x21-\x7e]*$/,
    'must be visible ASCII without spaces: it travels in a header',
  ),
  AGS_SEALING_KEYS: present
    .transform((text) => text.split(',').map((part) => sealingKey.exec(part.trim())))
    .refine(
      (keys) => keys.every((key) => key !== null),
      'must be `kid:base64` of 32 bytes each, comma-separated',
    )
    .transform((keys) => keys.map((key) => ({ kid: key?.[1] ?? '', base64: key?.[2] ?? '' }))),
  AGS_LEDGER_KEYS: present
    .transform((text) => text.split(',').map((part) => ledgerKey.exec(part.trim())))
    .refine(
      (keys) => keys.every((key) => key !== null) && keys[0]?.[2] === undefined,
      'must be `kid:base64` or `kid:public:base64` of 32 bytes each, comma-separated, the first one secret',
    )
    .transform((keys) =>
      keys.map((key) => ({ kid: key?.[1] ?? '', secret: key?.[2] === undefined, base64: key?.[3] ?? '' })),
    ),
  AGS_LEDGER_ORIGIN: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,99}$/, 'must be a name like ledger.example.com')
    .default('ags.local'),
  AGS_HTTP_ALLOW: list,
  AGS_MCP_LOCAL: list.refine(
    (origins) => origins.every((origin) => LOCAL_ORIGIN.test(origin)),
    'must be origins such as http://127.0.0.1:4711, comma-separated',
  ),
  VAULT_ADDR: http,
  VAULT_NAMESPACE: z.string().optional(),
  VAULT_ROLE_ID: present,
  VAULT_SECRET_ID: present,
  UPSTASH_REDIS_REST_URL: http.optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1, 'is empty').optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }).optional(),
  MODEL_PROVIDER: z.enum(PROVIDERS, `must be one of ${PROVIDERS.join(', ')}`),
  MODEL_BASE_URL: http.optional(),
  MODEL_NAME: z.string().min(1, 'is empty').optional(),
  MODEL_FALLBACKS: list,
  MODEL_PRICES: prices,
  CLOUDFLARE_ACCOUNT_ID: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'must be 32 hex digits')
    .optional(),
});
type Parsed = z.infer<typeof Schema>;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** An unset variable and an empty one are the same thing: shells and dashboards write both. */
const variablesOf = (env: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.keys(Schema.shape)
      .map((name) => [name, (env as Record<string, unknown>)[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );

/** Rules over more than one variable. */
function crossCheck(v: Parsed): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const need = (name: string, problem: string) => problems.push({ name, problem });
  if ((v.AGS_ACCESS_TEAM === undefined) !== (v.AGS_ACCESS_AUDIENCE === undefined))
    need('AGS_ACCESS_TEAM', 'and AGS_ACCESS_AUDIENCE belong together');
  const upstash = [v.UPSTASH_REDIS_REST_URL, v.UPSTASH_REDIS_REST_TOKEN].filter(
    (x) => x !== undefined,
  ).length;
  if (upstash === 1) need('UPSTASH_REDIS_REST_URL', 'and UPSTASH_REDIS_REST_TOKEN belong together');
  if (upstash === 0 && v.REDIS_URL === undefined)
    need('UPSTASH_REDIS_REST_URL', 'and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL, are missing');
  if (upstash > 0 && v.REDIS_URL !== undefined)
    need('REDIS_URL', 'and UPSTASH_REDIS_REST_URL exclude each other');
  if ((v.MODEL_PROVIDER === 'compatible' || v.MODEL_PROVIDER === 'embedded') && !v.MODEL_BASE_URL)
    need('MODEL_BASE_URL', `is missing; MODEL_PROVIDER=${v.MODEL_PROVIDER} needs it`);
  if (v.MODEL_PROVIDER === 'compatible' && !v.MODEL_NAME)
    need('MODEL_NAME', 'is missing; MODEL_PROVIDER=compatible needs it');
  if (v.MODEL_PROVIDER === 'workers_ai' && !v.CLOUDFLARE_ACCOUNT_ID)
    need('CLOUDFLARE_ACCOUNT_ID', 'is missing; MODEL_PROVIDER=workers_ai needs it');
  return problems;
}

const SERVICE_ADDRESSES = ['VAULT_ADDR', 'UPSTASH_REDIS_REST_URL', 'REDIS_URL', 'MODEL_BASE_URL'] as const;
const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|\[::ffff:7f.*\])$/i;

/** RUN-4: what a production deployment may not point at. */
function productionCheck(env: Record<string, unknown>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (env.MODEL_PROVIDER === 'embedded')
    problems.push({ name: 'MODEL_PROVIDER', problem: 'is `embedded`, which is for development only' });
  if (env.AGS_MCP_LOCAL !== undefined)
    problems.push({ name: 'AGS_MCP_LOCAL', problem: 'is for development only' });
  for (const name of SERVICE_ADDRESSES) {
    const url = URL.parse(String(env[name] ?? ''));
    if (url === null) continue;
    if (LOOPBACK.test(url.hostname))
      problems.push({ name, problem: 'is a loopback address: production needs the real service' });
    else if (url.protocol === 'http:')
      problems.push({ name, problem: 'uses plain http: production needs https' });
  }
  return problems;
}

/** RUN-4. All problems at once, by variable name; values stay out of them. */
export function readConfig(env: object): Result<Config, ConfigProblem[]> {
  const variables = variablesOf(env);
  const parsed = Schema.safeParse(variables);
  const production = variables.AGS_ENVIRONMENT === 'production' ? productionCheck(variables) : [];
  if (!parsed.success) {
    const named = new Map(parsed.error.issues.map((i) => [String(i.path[0]), i.message]));
    const problems = [...named].map(([name, problem]) => ({
      name,
      problem: variables[name] === undefined ? 'is missing' : problem,
    }));
    return err([...problems, ...production]);
  }
  const v = parsed.data;
  const problems = [...crossCheck(v), ...production];
  if (problems.length > 0) return err(problems);
  return ok(
    deepFreeze<Config>({
      environment: v.AGS_ENVIRONMENT,
      publicUrl: v.AGS_PUBLIC_URL?.replace(/\/+$/, '') ?? null,
      access:
        v.AGS_ACCESS_TEAM !== undefined && v.AGS_ACCESS_AUDIENCE !== undefined
          ? { team: v.AGS_ACCESS_TEAM.replace(/\/+$/, ''), audience: v.AGS_ACCESS_AUDIENCE }
          : null,
      keyPepper: v.AGS_KEY_PEPPER,
      platformKey: v.AGS_PLATFORM_KEY,
      sealingKeys: v.AGS_SEALING_KEYS,
      ledger: { origin: v.AGS_LEDGER_ORIGIN, keys: v.AGS_LEDGER_KEYS },
      vault: {
        address: v.VAULT_ADDR.replace(/\/+$/, ''),
        namespace: v.VAULT_NAMESPACE ?? null,
        roleId: v.VAULT_ROLE_ID,
        secretId: v.VAULT_SECRET_ID,
      },
      store:
        v.REDIS_URL !== undefined
          ? { kind: 'redis', url: v.REDIS_URL }
          : { kind: 'upstash', url: v.UPSTASH_REDIS_REST_URL ?? '', token: v.UPSTASH_REDIS_REST_TOKEN ?? '' },
      model: {
        provider: v.MODEL_PROVIDER,
        model: v.MODEL_NAME ?? DEFAULT_MODELS[v.MODEL_PROVIDER] ?? '',
        fallbacks: v.MODEL_FALLBACKS,
        prices: v.MODEL_PRICES,
        baseUrl: v.MODEL_BASE_URL?.replace(/\/+$/, '') ?? null,
        cloudflareAccountId: v.CLOUDFLARE_ACCOUNT_ID ?? null,
      },
      httpAllow: v.AGS_HTTP_ALLOW,
      mcpLocal: v.AGS_MCP_LOCAL,
    }),
  );
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}

export const describeProblems = (problems: readonly ConfigProblem[]): string =>
  `The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}: ${problems
    .map((p) => `${p.name} ${p.problem}`)
    .join('; ')}.`;

const cache = new WeakMap<object, Result<Config, ConfigProblem[]>>();

/** {@link readConfig}, once per isolate. */
export function configOf(env: object): Result<Config, ConfigProblem[]> {
  const known = cache.get(env) ?? readConfig(env);
  cache.set(env, known);
  return known;
}

/** For code that only runs when the configuration holds. Throws an error that names every problem. */
export function parseConfig(env: object): Config {
  const config = configOf(env);
  if (!config.ok) throw new Error(describeProblems(config.error));
  return config.value;
}

/** What `workers/credentials` needs, in its own words. */
export const credentialsConfig = ({ vault, store, sealingKeys }: Config) => ({
  vault: {
    addr: vault.address,
    namespace: vault.namespace,
    role_id: vault.roleId,
    secret_id: vault.secretId,
  },
  store,
  sealing: {
    current: sealingKeys[0]?.kid ?? '',
    keys: Object.fromEntries(sealingKeys.map(({ kid, base64 }) => [kid, base64])),
  },
});
