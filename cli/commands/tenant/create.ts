import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['tenant', 'create'],
  summary: 'Make a tenant; takes the platform admin’s key',
  arguments: [['<tenant>', 'its id: lower-case letters, digits and hyphens']],
  options: { name: text('--name <name>', 'what people call it (default: the id)') },
  examples: ['ags --profile platform tenant create acme --name "ACME Inc."'],
  async handler(context, [tenant], { name }) {
    const made = await context.client().createTenant({ tenant: tenant!, name: name ?? tenant! });
    context.emit(made, () => [
      made.bootstrap.secret,
      context.out.style.faint(
        `An admin’s key for the first people and keys, until ${made.bootstrap.expires_at}. It is shown this once.`,
      ),
    ]);
  },
});
