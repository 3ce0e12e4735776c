import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { usageError } from '../../exit.ts';

/** The text of a policy file. */
export function readPolicyFile(context: Context, file: string): string {
  try {
    return readFileSync(resolve(context.cwd, file), 'utf8');
  } catch {
    throw usageError(`${file} cannot be read`, 'ags policy check policies.cedar');
  }
}
