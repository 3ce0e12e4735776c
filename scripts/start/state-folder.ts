import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** Everything that a local deployment keeps lies in one folder, so that deleting it is the reset. */
export interface StateFolder {
  root: string;
  /** wrangler's persistence of the product, and of the embedded services. */
  productState: string;
  embeddedState: string;
  logs: string;
  secrets: string;
  accounts: string;
  processes: string;
  productEnv: string;
  embeddedEnv: string;
  /** Marks of work that need not be repeated. */
  stamps: string;
}

export function stateFolder(root: string): StateFolder {
  return {
    root,
    productState: join(root, 'state'),
    embeddedState: join(root, 'embedded'),
    logs: join(root, 'logs'),
    secrets: join(root, 'secrets.json'),
    accounts: join(root, 'accounts.json'),
    processes: join(root, 'processes.json'),
    productEnv: join(root, 'local.env'),
    embeddedEnv: join(root, 'embedded.env'),
    stamps: join(root, 'stamps'),
  };
}

export function makeStateFolder(folder: StateFolder): void {
  for (const path of [folder.root, folder.logs, folder.stamps])
    mkdirSync(path, { recursive: true, mode: 0o700 });
}

export const removeStateFolder = (folder: StateFolder): void =>
  rmSync(folder.root, { recursive: true, force: true, maxRetries: 3 });

/** Replaces a file in one step, readable by its owner alone: a kill in between leaves the old one whole. */
export function writePrivate(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}

/** null when there is none, or when it does not fit: then it is made anew. */
export function readPrivate<T>(path: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

const Secrets = z.object({
  key_pepper: z.string(),
  platform_key: z.string(),
  sealing_keys: z.string(),
  /** Empty in a folder from before there was a log; made on the next start. */
  ledger_keys: z.string().default(''),
  vault_root_token: z.string(),
  redis_token: z.string(),
  model_key: z.string(),
  /** The control plane's login in Vault, kept so that a start does not make a new one each time. */
  vault_login: z.object({ addr: z.string(), role_id: z.string(), secret_id: z.string() }).nullable(),
});
export type Secrets = z.infer<typeof Secrets>;

const token = (prefix: string): string => `${prefix}${randomBytes(32).toString('hex')}`;

const newLedgerKey = (): string => `l1:${randomBytes(32).toString('base64')}`;

/** The deployment's own secrets, made once. */
export function ensureSecrets(folder: StateFolder): Secrets {
  const known = readPrivate(folder.secrets, Secrets);
  if (known && known.ledger_keys !== '') return known;
  if (known) {
    const completed = { ...known, ledger_keys: newLedgerKey() };
    saveSecrets(folder, completed);
    return completed;
  }
  const secrets: Secrets = {
    key_pepper: token(''),
    platform_key: token('agsp_'),
    sealing_keys: `k1:${randomBytes(32).toString('base64')}`,
    ledger_keys: newLedgerKey(),
    vault_root_token: token('hvs.'),
    redis_token: token(''),
    model_key: token('embedded-'),
    vault_login: null,
  };
  saveSecrets(folder, secrets);
  return secrets;
}

export const saveSecrets = (folder: StateFolder, secrets: Secrets): void =>
  writePrivate(folder.secrets, `${JSON.stringify(secrets, null, 2)}\n`);

/** dotenv: single quotes keep everything as it is, so a value may hold anything but a single quote or a line break. */
export function envFile(values: Record<string, string | undefined>): string {
  return Object.entries(values)
    .flatMap(([name, value]) => {
      if (value === undefined || value === '') return [];
      if (/['\r\n]/.test(value))
        throw new Error(`${name} holds a quote or a line break, which an env file cannot carry`);
      return [`${name}='${value}'\n`];
    })
    .join('');
}
