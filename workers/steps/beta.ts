import type { Turn } from './turn.ts';

/** PIPE-5: synthesis. */
export const beta: Turn<'synthesis_turn'> = {
  schema: 'synthesis_turn',
  result: (output, usage) => ({ kind: 'turn', output, usage }),
};
