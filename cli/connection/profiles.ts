import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { usageError } from '../exit.ts';

/** Where a person's deployments are, and with which key. */
const ProfilesFile = z.strictObject({
  version: z.literal(1),
  current: z.string().nullable(),
  profiles: z.record(z.string(), z.strictObject({ url: z.string(), key: z.string() })),
});
export type ProfilesFile = z.infer<typeof ProfilesFile>;
export interface Profile {
  url: string;
  key: string;
}

const EMPTY: ProfilesFile = { version: 1, current: null, profiles: {} };
const OWNER_ONLY = 0o600;

export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `AGS_CONFIG_HOME` is the folder itself; XDG_CONFIG_HOME and ~/.config are its parents. */
export function profilesPath(env: NodeJS.ProcessEnv): string {
  if (env.AGS_CONFIG_HOME) return join(env.AGS_CONFIG_HOME, 'profiles.json');
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'ags', 'profiles.json');
}

export function readProfiles(path: string): ProfilesFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return structuredClone(EMPTY);
    throw usageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw usageError(`${path} is not JSON`, 'Repair it, or delete it and run `ags auth login`.');
  }
  const parsed = ProfilesFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw usageError(
    `${path}: ${issue.path.join('.') || 'the file'}: ${issue.message}`,
    'Repair it, or delete it and run `ags auth login`.',
  );
}

/** Others on the machine may read the keys in it. */
export function isExposed(path: string): boolean {
  try {
    return (statSync(path).mode & 0o077) !== 0;
  } catch {
    return false;
  }
}

/** Replaces the file in one step, readable by its owner alone. */
export function writeProfiles(path: string, file: ProfilesFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`, { mode: OWNER_ONLY });
  chmodSync(temporary, OWNER_ONLY);
  renameSync(temporary, path);
}

/** Adds or replaces one profile. It becomes the current one when asked, or when it is the first. */
export function saveProfile(path: string, name: string, profile: Profile, makeCurrent: boolean): void {
  const file = readProfiles(path);
  file.profiles[name] = profile;
  if (makeCurrent || file.current === null) file.current = name;
  writeProfiles(path, file);
}
