import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['project', 'create'],
  summary: 'Add a project',
  arguments: [['<name>', 'what people call it']],
  examples: ['ags project create payments'],
  async handler(context, [name]) {
    const made = await context.client().createProject(name!);
    context.emit(made, () => [`${context.out.style.good('✔')} ${made.project_id}`]);
  },
});
