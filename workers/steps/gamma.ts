import type { Turn } from './turn.ts';

/** CONS-6: mediation; the output says what was taken from whom. */
export const gamma: Turn<'mediation_turn'> = {
  schema: 'mediation_turn',
  result: (output, usage) => ({ kind: 'turn', output, usage }),
};
