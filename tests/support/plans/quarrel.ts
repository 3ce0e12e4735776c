import type { SpawnRequest } from '#client/index.ts';
import type { Seat } from '#domain/agents/roles.ts';

/** Two sentences only: who is asked to disagree has soon said all there is, so that a round without news comes quickly. */
const SKY = 'The sky over the harbour is blue on a clear day. It must not be painted.';

export interface Quarrel {
  name: string;
  /** Seats that agree with nobody. */
  seats: readonly Seat[];
  /** In so many runs of the lineage, generations included; absent: in all. */
  attempts?: number;
  rounds: number;
  tier?: 0 | 1 | 2;
}

/** A plan whose seats quarrel: until the round limit when that is low, until consensus has failed when GAMMA quarrels too. */
export function quarrel({ name, seats, attempts, rounds, tier = 0 }: Quarrel): SpawnRequest {
  const plan = {
    name,
    version: '1.0.0',
    tier,
    objective: 'Is the sky blue, and may it be painted?',
    context: [{ name: 'sky.md', text: SKY, media_type: 'text/markdown' }],
    agents: { model: { provider: 'embedded', model: 'extractive-1' } },
    limits: { rounds },
    embedded: {
      misbehave: seats.map((agent) => ({
        agent,
        kind: 'disagree',
        rounds: 50,
        ...(attempts !== undefined && { attempts }),
      })),
    },
  };
  return { plan: { source: JSON.stringify(plan) } };
}
