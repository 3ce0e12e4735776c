import { usageError } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['policy', 'mode'],
  summary: 'Have a project enforce its policies, or only observe what they would refuse',
  description: 'Forbidden actions, kill switches and what cannot run anyway stop in either mode.',
  arguments: [
    ['<mode>', 'enforce or observe'],
    ['<project>', 'the project’s id, as `ags policy show --json` lists it'],
  ],
  options: { reason: text('--reason <text>', 'why, for the record') },
  examples: ['ags policy mode observe pj_… --reason "trying the new rules for a week"'],
  async handler(context, [mode, project], { reason }) {
    if (mode !== 'enforce' && mode !== 'observe')
      throw usageError(`${JSON.stringify(mode)} is no mode; there are enforce and observe`);
    if (reason === undefined) throw usageError('Why? Give --reason; it goes on record.');
    const set = await context.client().setProjectMode(project!, { mode, reason });
    const { style } = context.out;
    context.emit(set, () => [`${style.good('✔')} ${set.project_id}: ${set.mode}.`]);
  },
});
