import type { Key } from '#client/index.ts';
import { ago } from '../../terminal/format.ts';
import { table } from '../../terminal/table.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

const stateOf = (key: Key, now: number): string => {
  if (key.revoked_at !== null) return 'revoked';
  if (key.expires_at === null) return 'live';
  return Date.parse(key.expires_at) <= now ? 'expired' : `until ${key.expires_at}`;
};

export default defineVerb({
  path: ['key', 'list'],
  summary: 'Keys of the tenant, without their secrets',
  examples: ['ags key list', 'ags key list --json'],
  async handler(context) {
    const page = await context.client().keys();
    const now = Date.now();
    const columns = [
      { title: 'KEY', cell: (k: Key) => k.key_id },
      { title: 'NAME', cell: (k: Key) => printable(k.name) },
      { title: 'ROLE', cell: (k: Key) => k.role },
      { title: 'OWNER', cell: (k: Key) => k.owner },
      { title: 'PROJECTS', cell: (k: Key) => k.project_ids?.join(' ') ?? 'all' },
      { title: 'STATE', cell: (k: Key) => stateOf(k, now) },
      {
        title: 'LAST USED',
        cell: (k: Key) => (k.last_used_at === null ? 'never' : ago(k.last_used_at, now)),
      },
    ];
    context.emit(page, () => table(columns, page.items, context.out.width(), context.out.style.faint));
  },
});
