import type { SpawnRequest } from '#client/index.ts';

/** A small seeded generator (mulberry32): the same seed kills at the same moments. In [0, 1). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NOTES = 'The cache is small. It must be doubled before the sale. The sale begins on Friday.';

/** Kinds of runs, so that kills meet retries, tool calls, mediators and handovers too. All end without a person. */
const KINDS = [
  { name: 'agrees', rounds: 8, misbehave: [] },
  {
    name: 'outage',
    rounds: 8,
    misbehave: [
      { agent: 'PLANNER', kind: 'error', status: 503, times: 1 },
      { agent: 'BETA', kind: 'error_in_stream', times: 1 },
    ],
  },
  {
    name: 'hands-over',
    rounds: 1,
    misbehave: ['ALPHA', 'BETA'].map((agent) => ({ agent, kind: 'disagree', rounds: 50, attempts: 1 })),
  },
] as const;

export function requestFor(draw: number): SpawnRequest {
  const { name, rounds, misbehave } = KINDS[Math.floor(draw * KINDS.length)] ?? KINDS[0];
  const plan = {
    name: `chaos-${name}`,
    version: '1.0.0',
    tier: 0,
    objective: 'Should the cache be doubled before the sale?',
    context: [{ name: 'notes.md', text: NOTES, media_type: 'text/markdown' }],
    agents: { model: { provider: 'embedded', model: 'extractive-1' } },
    limits: { rounds },
    embedded: { misbehave },
  };
  return { plan: { source: JSON.stringify(plan) } };
}
