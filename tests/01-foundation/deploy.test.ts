import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { committedConfig, databaseName, productionConfig, queueNames } from '#scripts/deploy/config.ts';
import { missingSecrets, REQUIRED } from '#scripts/deploy/secrets.ts';
import { ROOT } from '#scripts/generate/migrations.ts';
import { readConfig } from '#workers/config.ts';

describe('what a deployment needs', () => {
  it('RUN-6: every variable that the Worker refuses to start without is asked for before deploying', () => {
    const refused = readConfig({ AGS_ENVIRONMENT: 'production' });
    const missing = refused.ok ? [] : refused.error.map((p) => p.name);
    expect(missing.sort()).toEqual(Object.keys(REQUIRED).sort());
  });

  it('RUN-6: either store will do, a half of one will not', () => {
    const all = Object.keys(REQUIRED);
    expect(missingSecrets([...all, 'REDIS_URL'])).toEqual([]);
    expect(missingSecrets([...all, 'UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN'])).toEqual([]);
    expect(missingSecrets([...all, 'UPSTASH_REDIS_REST_URL'])).toHaveLength(1);
    expect(missingSecrets([...all.slice(1), 'REDIS_URL'])[0]).toMatch(/^AGS_KEY_PEPPER {2}\(openssl/);
  });

  it('RUN-6: the account’s database goes into a copy, in which every path still leads home', () => {
    const toml = productionConfig(committedConfig(), 'd1-of-the-account');
    expect(toml).toContain('database_id = "d1-of-the-account"');
    expect(toml).toContain(`main = "${join(ROOT, 'workers/main.ts')}"`);
    expect(toml).toContain(`migrations_dir = "${join(ROOT, 'd1-migrations')}"`);
    expect(toml).not.toMatch(/= "\.\.?\//);
    expect(committedConfig()).toContain('database_id = "00000000-0000-0000-0000-000000000000"');
  });

  it('RUN-6: every queue of the configuration is created, dead-letter queues too', () => {
    const names = queueNames(committedConfig());
    expect(names).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `ags-steps-${i}`),
      'ags-ledger',
      'ags-renewals',
      'ags-steps-dead',
    ]);
    expect(databaseName(committedConfig())).toBe('ags-ledger');
  });

  it('RUN-4: the committed configuration is production’s, and knows no embedded service', () => {
    expect(committedConfig()).toMatch(/AGS_ENVIRONMENT = "production"/);
    expect(committedConfig()).not.toMatch(/embedded"|127\.0\.0\.1|localhost/);
  });

  it('RUN-6: Pages reaches the Worker by the name that it is deployed under', () => {
    const pages = readFileSync(join(ROOT, 'pages/wrangler.toml'), 'utf8');
    const service = /service = "([^"]+)"/.exec(pages)?.[1];
    expect(committedConfig()).toContain(`name = "${service}"`);
  });
});
