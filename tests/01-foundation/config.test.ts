import { describe, expect, it } from 'vitest';
import { TEST_VARIABLES } from '#tests/support/worker-env.ts';
import { type ConfigProblem, describeProblems, readConfig } from '#workers/config.ts';

const PRODUCTION = {
  ...TEST_VARIABLES,
  AGS_ENVIRONMENT: 'production',
  VAULT_ADDR: 'https://vault.example.com:8200',
  UPSTASH_REDIS_REST_URL: 'https://eu1.upstash.io',
  MODEL_PROVIDER: 'openrouter',
  MODEL_BASE_URL: undefined,
};

const problems = (env: object): ConfigProblem[] => {
  const config = readConfig(env);
  return config.ok ? [] : config.error;
};
const names = (env: object): string[] =>
  problems(env)
    .map((p) => p.name)
    .sort();

describe('configuration', () => {
  it('RUN-4: a complete production configuration is taken, and frozen to its depth', () => {
    const config = readConfig(PRODUCTION);
    if (!config.ok) throw new Error(describeProblems(config.error));
    expect(config.value.model).toMatchObject({ provider: 'openrouter', model: 'openrouter/auto' });
    expect(Object.isFrozen(config.value)).toBe(true);
    expect(Object.isFrozen(config.value.vault)).toBe(true);
  });

  it('RUN-4: production refuses loopback addresses, plain http and the embedded model, each by name', () => {
    const env = {
      ...PRODUCTION,
      VAULT_ADDR: 'http://vault.example.com',
      UPSTASH_REDIS_REST_URL: 'https://127.0.0.1:8787/redis',
      MODEL_PROVIDER: 'embedded',
      MODEL_BASE_URL: 'http://localhost:9000/v1',
    };
    expect(names(env)).toEqual(['MODEL_BASE_URL', 'MODEL_PROVIDER', 'UPSTASH_REDIS_REST_URL', 'VAULT_ADDR']);
    expect(names({ ...env, AGS_ENVIRONMENT: 'local' })).toEqual([]);
  });

  it.each([
    'http://[::1]:8200',
    'https://vault.localhost',
    'https://127.9.9.9',
    'https://0.0.0.0',
    'https://[::ffff:127.0.0.1]',
  ])('RUN-4: %s is a loopback address, however it is written', (VAULT_ADDR) => {
    expect(
      problems({ ...PRODUCTION, VAULT_ADDR })
        .map((p) => p.problem)
        .join(),
    ).toContain('loopback');
  });

  it('GOV-9 RUN-4: MCP servers on this machine are named by exact origin, and by no production deployment', () => {
    const read = (value: string, AGS_ENVIRONMENT: string) => {
      const done = readConfig({ ...PRODUCTION, AGS_ENVIRONMENT, AGS_MCP_LOCAL: value });
      return done.ok ? done.value.mcpLocal : done.error.map((p) => p.name);
    };
    expect(read('http://127.0.0.1:4711, http://127.0.0.1:4712', 'local')).toEqual([
      'http://127.0.0.1:4711',
      'http://127.0.0.1:4712',
    ]);
    for (const wrong of ['http://127.0.0.1', 'http://10.0.0.1:4711', 'https://mcp.example.com', 'nonsense'])
      expect(read(wrong, 'local'), wrong).toEqual(['AGS_MCP_LOCAL']);
    expect(read('http://127.0.0.1:4711', 'production')).toEqual(['AGS_MCP_LOCAL']);
  });

  it('RUN-4: every missing secret is named at once, with other problems beside it', () => {
    const env = { AGS_ENVIRONMENT: 'production', MODEL_PROVIDER: 'embedded' };
    expect(names(env)).toEqual(
      expect.arrayContaining([
        'AGS_KEY_PEPPER',
        'AGS_PLATFORM_KEY',
        'AGS_SEALING_KEYS',
        'AGS_LEDGER_KEYS',
        'MODEL_PROVIDER',
        'VAULT_ADDR',
        'VAULT_ROLE_ID',
        'VAULT_SECRET_ID',
      ]),
    );
  });

  it('RUN-4 SEC-3: a message names variables and never shows what is in them', () => {
    const env = {
      ...PRODUCTION,
      AGS_KEY_PEPPER: 'short-pepper',
      AGS_SEALING_KEYS: 'k1:not-a-key',
      AGS_LEDGER_KEYS: `l1:${'Z'.repeat(44)}`,
      REDIS_URL: 'ftp://u:hunter2@x',
    };
    const text = describeProblems(problems(env));
    for (const name of ['AGS_KEY_PEPPER', 'AGS_SEALING_KEYS', 'AGS_LEDGER_KEYS', 'REDIS_URL'])
      expect(text).toContain(name);
    for (const value of ['short-pepper', 'not-a-key', 'ZZZZ', 'hunter2']) expect(text).not.toContain(value);
  });

  it('RUN-3: an empty variable counts as unset, and a store is either Upstash or Redis', () => {
    expect(names({ ...PRODUCTION, REDIS_URL: '' })).toEqual([]);
    expect(names({ ...PRODUCTION, REDIS_URL: 'rediss://redis.example.com' })).toEqual(['REDIS_URL']);
    const redis = {
      ...PRODUCTION,
      UPSTASH_REDIS_REST_URL: '',
      UPSTASH_REDIS_REST_TOKEN: '',
      REDIS_URL: 'rediss://r.example.com',
    };
    const config = readConfig(redis);
    expect(config.ok && config.value.store).toEqual({ kind: 'redis', url: 'rediss://r.example.com' });
    expect(names({ ...PRODUCTION, UPSTASH_REDIS_REST_TOKEN: '' })).toEqual(['UPSTASH_REDIS_REST_URL']);
  });

  it('PIPE-11: MODEL_PRICES is JSON by model name, in whole micro-USD per million tokens', () => {
    const price = { 'a/b': { input: 3_000_000, output: 15_000_000 } };
    const config = readConfig({ ...PRODUCTION, MODEL_PRICES: JSON.stringify(price) });
    expect(config.ok && config.value.model.prices).toEqual(price);
    const without = readConfig(PRODUCTION);
    expect(without.ok && without.value.model.prices).toEqual({});
    for (const wrong of ['{', '[]', '{"a/b": 3}', '{"a/b": {"input": 0.5, "output": 1}}'])
      expect(names({ ...PRODUCTION, MODEL_PRICES: wrong })).toEqual(['MODEL_PRICES']);
  });

  it('AGENT-2: each provider names what else it needs', () => {
    expect(names({ ...PRODUCTION, MODEL_PROVIDER: 'compatible' })).toEqual(['MODEL_BASE_URL', 'MODEL_NAME']);
    expect(names({ ...PRODUCTION, MODEL_PROVIDER: 'workers_ai' })).toEqual(['CLOUDFLARE_ACCOUNT_ID']);
    expect(names({ ...PRODUCTION, MODEL_PROVIDER: 'gpt' })).toEqual(['MODEL_PROVIDER']);
  });
});
