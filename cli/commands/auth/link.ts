import { integer } from '../../options.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['auth', 'link'],
  summary: 'A link that signs one browser in, once',
  options: { ttl: integer('--ttl <seconds>', 'how long it may be used', { min: 10, max: 86_400 }) },
  examples: ['ags auth link', 'xdg-open "$(ags auth link --json | jq -r .url)"'],
  async handler(context, _args, { ttl }) {
    const link = await context.client().createSignInLink(ttl);
    const { style } = context.out;
    context.emit(link, () => [
      link.url,
      style.faint(`Works once, until ${link.expires_at}. Whoever opens it acts as you.`),
    ]);
  },
});
