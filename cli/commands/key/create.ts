import { ACCESS_ROLES } from '#domain/governance/access-role.ts';
import { usageError } from '../../exit.ts';
import { choice, integer, repeated, text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { shownOnce } from './shown-once.ts';

const DAY_MS = 86_400_000;

export default defineVerb({
  path: ['key', 'create'],
  summary: 'Make a key; its secret is shown this once',
  arguments: [['<name>', 'what it is for']],
  options: {
    role: choice('--role <role>', 'what it may do', ACCESS_ROLES),
    owner: text('--owner <id>', 'the person or service it belongs to (default: you)'),
    project: repeated('--project <id>', 'only for this project; may be given again'),
    days: integer('--days <n>', 'expires after so many days', { min: 1, max: 3_650 }),
  },
  examples: ['ags key create ci --role operator --owner sv_… --days 90'],
  async handler(context, [name], { role, owner, project, days }) {
    if (role === undefined)
      throw usageError('Which role? Give --role.', `One of ${ACCESS_ROLES.join(', ')}.`);
    const client = context.client();
    const made = await client.createKey({
      name: name!,
      role,
      owner: owner ?? (await client.whoami()).subject_id,
      ...(project.length > 0 ? { project_ids: project } : {}),
      ...(days === undefined ? {} : { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() }),
    });
    context.emit(made, () => shownOnce(made, context.out.style));
  },
});
