/**
 * `npm run deploy` (RUN-6): secrets check, database, bucket, queues, migrations, Worker. Repeatable: what is there stays.
 * `--dry-run` needs no account. `--secrets FILE` (JSON or .env) uploads secrets with this version.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { ROOT } from '#scripts/generate/migrations.ts';
import { bundleWorker, kib, MAX_WORKER_BYTES } from './bundle.ts';
import { bucketName, committedConfig, databaseName, queueNames, writeProductionConfig } from './config.ts';
import { buildDashboard } from './dashboard.ts';
import { missingSecrets } from './secrets.ts';
import { ask, main, must, Refused } from './wrangler.ts';

const { values: options } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false }, secrets: { type: 'string' } },
});

await main(options['dry-run'] ? dryRun : deploy);

async function dryRun(): Promise<void> {
  const outdir = mkdtempSync(join(tmpdir(), 'ags-worker-'));
  try {
    const dist = join(outdir, 'dist');
    buildDashboard(dist);
    const config = writeProductionConfig(outdir, '11111111-1111-1111-1111-111111111111', dist);
    const bundle = bundleWorker(config, join(outdir, 'worker'));
    for (const f of bundle.files) console.log(`${f.name}: ${kib(f.bytes)}, ${kib(f.compressed)} compressed`);
    console.log(`Worker: ${kib(bundle.compressed)} compressed of at most ${kib(MAX_WORKER_BYTES)}`);
    console.log('Start-up: `npm run bench` measures it; Cloudflare allows 1 s and refuses what is slower.');
    console.log(
      `Would create, when missing: D1 ${databaseName(committedConfig())}; R2 ${bucketName(committedConfig())}; queues ${queueNames(committedConfig()).join(', ')}`,
    );
    console.log(`Secrets that a deployment needs:\n  ${missingSecrets([]).join('\n  ')}`);
    if (bundle.compressed > MAX_WORKER_BYTES) throw new Refused('The Worker is too large for the free plan.');
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

async function deploy(): Promise<void> {
  const who = ask(['whoami']);
  if (!who.ok || /not authenticated/i.test(who.output))
    throw new Refused('Not signed in to Cloudflare. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.');

  const missing = missingSecrets([...secretsThere(), ...secretsGiven()]);
  if (missing.length > 0)
    throw new Refused(
      `These secrets are missing:\n  ${missing.join('\n  ')}\nSet each with \`npx wrangler secret put NAME\`, or pass a file: npm run deploy -- --secrets FILE`,
    );

  buildDashboard();
  const config = writeProductionConfig(
    join(ROOT, '.wrangler/ags'),
    database(databaseName(committedConfig())),
  );
  createBucket(bucketName(committedConfig()));
  for (const queue of queueNames(committedConfig())) createQueue(queue);
  must(['d1', 'migrations', 'apply', databaseName(committedConfig()), '--remote', '-c', config]);
  must(['deploy', '-c', config, ...(options.secrets ? ['--secrets-file', options.secrets] : [])]);
  console.log('\nDeployed. The dashboard: npm run deploy:pages');
}

/** Names of the Worker's secrets; none when there is no Worker yet. */
function secretsThere(): string[] {
  const list = ask(['secret', 'list', '--format', 'json']);
  if (!list.ok) return [];
  return (JSON.parse(list.stdout) as { name: string }[]).map((s) => s.name);
}

function secretsGiven(): string[] {
  if (!options.secrets) return [];
  try {
    const text = readFileSync(options.secrets, 'utf8');
    return Object.keys(text.trimStart().startsWith('{') ? JSON.parse(text) : parseEnv(text));
  } catch {
    // The parser's message could quote the file.
    throw new Refused(`${options.secrets} cannot be read as JSON or as lines of NAME=value.`);
  }
}

function database(name: string): string {
  const find = (): string | undefined =>
    (JSON.parse(ask(['d1', 'list', '--json']).stdout) as { name: string; uuid: string }[]).find(
      (d) => d.name === name,
    )?.uuid;
  const known = find();
  if (known) return known;
  must(['d1', 'create', name]);
  const created = find();
  if (!created)
    throw new Refused(`D1 ${name} was created but is not in the account's list yet. Run this again.`);
  return created;
}

/** LEDG-5. R2 has to be switched on once for an account, in Cloudflare's dashboard. */
function createBucket(name: string): void {
  const made = ask(['r2', 'bucket', 'create', name]);
  if (!made.ok && !/already exists|10004/i.test(made.output))
    throw new Refused(`bucket ${name} cannot be created:\n${made.output}`);
  if (made.ok) console.log(`bucket ${name} created`);
}

function createQueue(name: string): void {
  const made = ask(['queues', 'create', name]);
  if (!made.ok && !/already (?:exists|taken)|is taken/i.test(made.output))
    throw new Refused(`queue ${name} cannot be created:\n${made.output}`);
  if (made.ok) console.log(`queue ${name} created`);
}
