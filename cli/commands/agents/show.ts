import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';
import { identityLines } from '../../views/identity.ts';

/** Runs that are printed; `--json` has them all. */
const SHOWN = 20;

export default defineVerb({
  path: ['agents', 'show'],
  summary: 'One agent: its runs, and every change of its tier with the reason',
  arguments: [['<agent>', 'aid_…, as `ags agents list` shows it']],
  examples: ['ags agents show aid_…', 'ags agents show aid_… --json'],
  async handler(context, [id]) {
    const story = await context.client().agentIdentity(id!);
    const { style } = context.out;
    context.emit(story, () => [
      ...identityLines(story, style),
      '',
      style.strong('Changes'),
      ...story.changes.map(({ at, actor, body }) => {
        const { from_tier, to_tier, start_tier, suspended, reason, runs } = body as Record<string, unknown>;
        const what =
          to_tier === undefined ? `begins at tier ${start_tier}` : `tier ${from_tier} → ${to_tier}`;
        const why = reason === undefined ? '' : `: ${printable(String(reason))}`;
        const by = Array.isArray(runs) && runs.length > 0 ? style.faint(` (${runs.join(', ')})`) : '';
        return `  ${at}  ${actor}  ${what}${suspended === true ? ', suspended' : ''}${why}${by}`;
      }),
      '',
      style.strong('Runs'),
      ...story.runs
        .slice(0, SHOWN)
        .map(
          (run) =>
            `  ${run.ended_at}  ${run.pipeline_id}  ${run.admitted_actions} actions, ${run.violations} violations${run.worst ? ` (${run.worst})` : ''}${run.real_model ? '' : style.faint(', embedded model: does not count')}`,
        ),
      ...(story.runs.length > SHOWN ? [style.faint(`  … ${story.runs.length - SHOWN} more`)] : []),
    ]);
  },
});
