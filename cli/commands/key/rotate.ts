import { integer } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { shownOnce } from './shown-once.ts';

/** A day: long enough to bring the new secret everywhere. */
const OVERLAP_S = 86_400;

export default defineVerb({
  path: ['key', 'rotate'],
  summary: 'A new key for an old one, which works on for a while',
  arguments: [['<key>', 'its id, as `ags key list` shows it']],
  options: {
    overlap: integer('--overlap <seconds>', 'how long the old one works on (default a day)', {
      min: 0,
      max: 604_800,
    }),
  },
  examples: ['ags key rotate k7f3… --overlap 3600'],
  async handler(context, [key], { overlap = OVERLAP_S }) {
    const made = await context.client().rotateKey(key!, overlap);
    const { style } = context.out;
    context.emit(made, () => [
      ...shownOnce(made, style),
      style.faint(overlap === 0 ? `${key} has ended.` : `${key} works for ${overlap} s more.`),
    ]);
  },
});
