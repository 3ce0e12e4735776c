import { describe, expect, it } from 'vitest';
import { BREAKER } from '#domain/governance/breaker.ts';
import { handleModel } from '#workers/embedded/model/index.ts';
import { MODEL_KEY, StepWorld } from '../03-agent-execution/step-world.ts';
import { deliverUntil, ended, failures, plan } from '../support/faults/world.ts';

const MODEL = 'model:embedded/extractive-1';

/** The real consumer, prompts, gate, tools and model layer, with breakers shared as the objects share them. */
function world(): StepWorld {
  const w = new StepWorld();
  w.sharesBreakers = true;
  w.model = (request) => handleModel(request, { EMBEDDED_MODEL_KEY: MODEL_KEY });
  return w.spawn(plan());
}

/** Time passes, and what waits is tried again. */
async function waitUntil(w: StepWorld, until: () => boolean, limit = 1_000): Promise<void> {
  for (let n = 0; n < limit && !until(); n++) {
    w.rig.pass(5_000);
    await w.deliver();
  }
  if (!until()) throw new Error(`not after ${limit} times 5 s: ${w.rig.types().slice(-8).join(', ')}`);
}

describe('a model that is away, over whole pipelines', () => {
  const answers: [string, () => Response][] = [
    ['answers 503', () => new Response('busy', { status: 503 })],
    ['answers a web page', () => new Response('<html>it works</html>', { status: 200 })],
    ['breaks off', () => new Response('data: {"choices":[{"delta":{"content":"{"}}]}\n\n')],
  ];
  for (const [how, answer] of answers) {
    it(`ENF-1, AGENT-3, REL-3: one that ${how} for ever opens its breaker: the planner waits until the deadline, whose reason says so`, async () => {
      const w = world();
      w.model = async () => answer();
      await deliverUntil(w, () => w.rig.state.waiting_for === 'queue');
      expect(w.breakers.of(MODEL).state).toBe('open');
      expect(failures(w)).toHaveLength(BREAKER.failures - 1);
      const asked = w.prompts.length;
      await waitUntil(w, () => w.rig.state.outcome !== null);
      expect(failures(w)).toHaveLength(BREAKER.failures - 1);
      // Probes only, ever more rarely.
      expect(w.prompts.length - asked).toBeLessThan(w.rig.state.spawned!.limits.deadline_s / 25);
      expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 3, reason: 'deadline' });
      expect(ended(w)?.detail).toContain('embedded/extractive-1');
      await deliverUntil(w, () => w.rig.state.sealed);
      expect(w.rig.state.tokens.every((t) => t.confirmed_at !== null)).toBe(true);
    });
  }

  it('ENF-1, OPS-1, REL-3: one that is back after half the deadline: the run goes on by itself to its verdict', async () => {
    const w = world();
    await deliverUntil(w, () => w.rig.state.round !== null);
    const works = w.model;
    w.model = async () => new Response('busy', { status: 503 });
    await deliverUntil(w, () => w.rig.state.waiting_for === 'queue');
    await waitUntil(w, () => w.rig.now - Date.parse(w.rig.state.created_at) > 1_800_000);
    expect(w.rig.state.round?.silent).toEqual([]);
    w.model = works;
    await waitUntil(w, () => w.rig.state.waiting_for === null);
    expect(w.breakers.troubled).toEqual([]);
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(ended(w)).toMatchObject({ exit_code: 0, reason: 'consensus_reached' });
    expect(w.rig.state.violations).toEqual([]);
    expect(Object.values(w.rig.state.agents).map(({ errors }) => errors)).toEqual([0, 0, 0]);
  });
});
