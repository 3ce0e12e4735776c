import type { Seat } from '#domain/agents/roles.ts';
import type { Misbehaviour } from '#domain/plan/plan.ts';

/** Two sentences only: who is asked to disagree has soon said all there is, so that a round without news comes quickly. */
const SKY = 'The sky over the harbour is blue on a clear day. It must not be painted.';

export interface Sky {
  name: string;
  rounds?: number;
  tier?: 0 | 1 | 2;
  misbehave?: Misbehaviour[];
}

/** The text of a small plan that the embedded model agrees on in two rounds, unless told otherwise. */
export const skyPlan = ({ name, rounds = 8, tier = 0, misbehave = [] }: Sky): string =>
  JSON.stringify({
    name,
    version: '1.0.0',
    tier,
    objective: 'Is the sky blue, and may it be painted?',
    context: [{ name: 'sky.md', text: SKY, media_type: 'text/markdown' }],
    agents: { model: { provider: 'embedded', model: 'extractive-1' } },
    limits: { rounds },
    embedded: { misbehave },
  });

/** The body of its spawn. */
export const sky = (plan: Sky): { plan: { source: string } } => ({ plan: { source: skyPlan(plan) } });

/**
 * Seats that agree with nobody, in so many runs of the lineage; absent: in all. ALPHA and BETA get to the round limit when that is low;
 * with GAMMA too, and rounds enough, consensus fails.
 */
export const quarrel = (seats: readonly Seat[], attempts?: number): Misbehaviour[] =>
  seats.map((agent) => ({
    agent,
    kind: 'disagree',
    rounds: 50,
    ...(attempts !== undefined && { attempts }),
  }));

/** ALPHA and BETA get to the round limit, and GAMMA takes so many seconds over its synthesis; all of it in the first attempt only. */
export const handingOver = (name: string, seconds: number): Sky => ({
  name,
  rounds: 2,
  misbehave: [
    ...quarrel(['ALPHA', 'BETA'], 1),
    ...(seconds > 0 ? [{ agent: 'GAMMA', kind: 'stall', seconds, times: 20, attempts: 1 } as const] : []),
  ],
});
