import { profileName } from '../../connection/connect.ts';
import { profilesPath, readProfiles } from '../../connection/profiles.ts';
import { table } from '../../terminal/table.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['auth', 'list'],
  summary: 'The deployments that this machine has keys for',
  description:
    'Addresses and names only. The one with ● is used when neither --profile nor AGS_PROFILE says.',
  examples: ['ags auth list', 'ags auth list --json'],
  async handler(context) {
    const { profiles } = readProfiles(profilesPath(context.env));
    const current = profileName(context);
    const items = Object.entries(profiles).map(([profile, { url }]) => ({
      profile,
      url,
      current: profile === current,
    }));
    const { style, width } = context.out;
    const columns = [
      { title: ' ', cell: (one: (typeof items)[number]) => (one.current ? '●' : ' ') },
      { title: 'PROFILE', cell: (one: (typeof items)[number]) => one.profile },
      { title: 'ADDRESS', cell: (one: (typeof items)[number]) => one.url, flexible: true },
    ];
    context.emit({ items }, () =>
      items.length === 0
        ? ['None yet. `npm start` makes one for a local deployment, `ags auth login` for another.']
        : table(columns, items, width(), style.faint),
    );
  },
});
