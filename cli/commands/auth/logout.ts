import { profileName } from '../../connection/connect.ts';
import { profilesPath, readProfiles, writeProfiles } from '../../connection/profiles.ts';
import { usageError } from '../../exit.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['auth', 'logout'],
  summary: 'Forget a profile and its key',
  description: 'Removes the key from this machine. The key itself stays valid until an admin revokes it.',
  examples: ['ags auth logout', 'ags auth logout --profile work'],
  async handler(context) {
    const path = profilesPath(context.env);
    const file = readProfiles(path);
    const name = profileName(context);
    if (name === null || !Object.hasOwn(file.profiles, name))
      throw usageError(`There is no profile "${name ?? 'default'}" in ${path}`);
    delete file.profiles[name];
    if (file.current === name) file.current = Object.keys(file.profiles)[0] ?? null;
    writeProfiles(path, file);
    context.emit({ profile: name, current: file.current }, () => [
      `${context.out.style.good('✔')} Profile "${name}" is gone from this machine.`,
    ]);
  },
});
