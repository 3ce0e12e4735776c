import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from '#scripts/generate/migrations.ts';
import { DIST } from './dashboard.ts';
import { Refused } from './wrangler.ts';

/** In the committed file instead of an account's database id. */
const NO_DATABASE = '00000000-0000-0000-0000-000000000000';
const PATHS = /^(main|directory|migrations_dir) = "([^"]+)"$/gm;

export const committedConfig = (): string => readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');

export const databaseName = (toml: string): string => {
  const name = /^database_name = "([^"]+)"$/m.exec(toml)?.[1];
  if (!name) throw new Refused('wrangler.toml names no database');
  return name;
};

export const bucketName = (toml: string): string => {
  const name = /^bucket_name = "([^"]+)"$/m.exec(toml)?.[1];
  if (!name) throw new Refused('wrangler.toml names no bucket');
  return name;
};

/** Every queue that the Worker sends to, reads from, or leaves its dead letters in. */
export const queueNames = (toml: string): string[] => [
  ...new Set([...toml.matchAll(/^(?:queue|dead_letter_queue) = "([^"]+)"$/gm)].map((m) => m[1] as string)),
];

/** The committed configuration with the account's database; it lies elsewhere, so its paths become absolute. */
export function productionConfig(toml: string, databaseId: string): string {
  if (!toml.includes(NO_DATABASE)) throw new Refused(`wrangler.toml has no database_id "${NO_DATABASE}"`);
  return toml
    .replace(NO_DATABASE, databaseId)
    .replaceAll(PATHS, (_, key: string, path: string) => `${key} = ${JSON.stringify(resolve(ROOT, path))}`);
}

/** Writes it into `folder` and answers with its path. */
export function writeProductionConfig(folder: string, databaseId: string, dist = DIST): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'wrangler.toml');
  writeFileSync(
    path,
    productionConfig(committedConfig(), databaseId).replace(JSON.stringify(DIST), JSON.stringify(dist)),
  );
  return path;
}
