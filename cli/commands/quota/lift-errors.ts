import { usageError } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { budgetLines, quotaTable } from './show.ts';

export default defineVerb({
  path: ['quota', 'lift-errors'],
  summary: 'Take a spent error budget on: what was counted so far counts no more (ENF-5)',
  options: { reason: text('--reason <text>', 'why; it goes on record') },
  examples: ['ags quota lift-errors --reason "the bad prompt is withdrawn"'],
  async handler(context, _args, { reason }) {
    if (!reason) throw usageError('Say why: --reason.');
    const report = await context.client().liftErrorBudget(reason);
    context.emit(report, () => [
      ...quotaTable(report, context.out.width(), context.out.style.faint),
      ...budgetLines(report),
    ]);
  },
});
