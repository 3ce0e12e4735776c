import type { Turn } from './turn.ts';

/** PIPE-5: research. */
export const alpha: Turn<'research_turn'> = {
  schema: 'research_turn',
  result: (output, usage) => ({ kind: 'turn', output, usage }),
};
