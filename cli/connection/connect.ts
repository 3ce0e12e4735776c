import { type Client, createClient } from '#client/index.ts';
import { usageError } from '../exit.ts';
import { profilesPath, readProfiles } from './profiles.ts';

export interface Connection {
  url: string;
  key: string;
  /** What the address came from, for people: a profile's name or the environment. */
  source: string;
}

export interface Wanted {
  profile?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** `http(s)://host[:port][/path]` without a trailing slash. */
export function parseUrl(raw: string, from: string): string {
  const url = URL.parse(raw);
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw usageError(`${from}: ${JSON.stringify(raw)} is not an http(s) address`);
  }
  return raw.replace(/\/+$/, '');
}

/** Name of the profile that is asked for: `--profile`, `AGS_PROFILE`, then the current one; null when there is none. */
export function profileName({ profile, env }: Wanted): string | null {
  return profile ?? (env.AGS_PROFILE || readProfiles(profilesPath(env)).current);
}

/** AGS_URL and AGS_KEY each override what the profile says. */
export function findConnection(wanted: Wanted): Connection {
  const { env } = wanted;
  if (env.AGS_URL && env.AGS_KEY && wanted.profile === undefined) {
    return { url: parseUrl(env.AGS_URL, 'AGS_URL'), key: env.AGS_KEY, source: 'AGS_URL and AGS_KEY' };
  }
  const path = profilesPath(env);
  const { profiles } = readProfiles(path);
  const name = profileName(wanted);
  if (name === null) {
    throw usageError(
      'ags does not know a deployment yet',
      'Start a local one with `npm start`, or run `ags auth login --url https://…`.',
    );
  }
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (!profile) {
    const known = Object.keys(profiles).join(', ') || 'none yet';
    throw usageError(
      `There is no profile "${name}" in ${path}`,
      `Known: ${known}. Add it with \`ags auth login --profile ${name}\`.`,
    );
  }
  const overridden = wanted.profile === undefined;
  return {
    url:
      overridden && env.AGS_URL
        ? parseUrl(env.AGS_URL, 'AGS_URL')
        : parseUrl(profile.url, `profile "${name}"`),
    key: overridden && env.AGS_KEY ? env.AGS_KEY : profile.key,
    source: `profile "${name}"`,
  };
}

export const clientOf = ({ url, key }: Connection): Client => createClient({ baseUrl: url, key });
