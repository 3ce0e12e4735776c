import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['key', 'revoke'],
  summary: 'End a key at once, with the sessions that came from it',
  arguments: [['<key>', 'its id, as `ags key list` shows it']],
  examples: ['ags key revoke k7f3…'],
  async handler(context, [key]) {
    await context.client().revokeKey(key!);
    context.emit({ key_id: key, revoked: true }, () => [`${context.out.style.good('✔')} ${key} is revoked.`]);
  },
});
