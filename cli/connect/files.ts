import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { usageError } from '../exit.ts';

const OWNER_ONLY = 0o600;

/** What an agent's configuration is made of: files, by their path in the project. */
export interface Written {
  path: string;
  /** Holds the session token. */
  secret: boolean;
}

export class ProjectFolder {
  readonly root: string;
  readonly written: Written[] = [];

  constructor(root: string) {
    this.root = root;
  }

  write(path: string, text: string, secret = false): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, secret ? { mode: OWNER_ONLY } : {});
    if (secret) chmodSync(full, OWNER_ONLY);
    this.written.push({ path, secret });
  }

  /** Changes a JSON file, or begins one; what else is in it stays. */
  merge(path: string, change: (before: Record<string, unknown>) => Record<string, unknown>): void {
    this.write(path, `${JSON.stringify(change(this.#json(path)), null, 2)}\n`);
  }

  #json(path: string): Record<string, unknown> {
    let text: string;
    try {
      text = readFileSync(join(this.root, path), 'utf8');
    } catch {
      return {};
    }
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      throw usageError(`${path} is not JSON`, 'Repair it, then run this again.');
    }
  }
}

/** A file of this package, as its text. */
export const shipped = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
