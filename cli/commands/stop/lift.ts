import { usageError } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['lift'],
  summary: 'Take a kill switch back; persons only',
  description:
    'What was stopped stays stopped: start it again, or fork it. An agent’s seat is given to a new agent. Only a person’s key may do this.',
  arguments: [['<switch>', 'ks_…, as `ags stop list` shows it']],
  options: { reason: text('--reason <text>', 'why, for the record') },
  examples: ['ags lift ks_… --reason "the key was rotated"'],
  async handler(context, [id], { reason }) {
    if (reason === undefined) throw usageError('Why? Give --reason; it goes on record.');
    const lifted = await context.client().liftKillSwitch(id!, reason);
    const { style } = context.out;
    context.emit(lifted, () => [`${style.good('✔')} Lifted: ${lifted.scope} ${lifted.id} may go on.`]);
  },
});
