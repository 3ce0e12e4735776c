import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#client/index.ts';
import { expectOneSuccessor, expectWrittenByRule, when, whenLogged } from '#tests/support/lineage.ts';
import { handingOver, sky } from '#tests/support/plans/sky.ts';
import { startSystem, type TestSystem } from '#tests/support/system.ts';

let system: TestSystem;
let ags: Client;
beforeAll(async () => {
  system = await startSystem();
  ags = system.client();
});
afterAll(() => system?.stop());

const spawn = async (name: string, seconds: number): Promise<string> =>
  (await ags.spawn(sky(handingOver(name, seconds)))).pipeline_id;

/** SIGKILL to everything, and up again on the same state. */
async function crash(): Promise<void> {
  await system.kill();
  await system.restart();
  ags = system.client();
}

describe('killed in the middle of a recovery', () => {
  it('REC-3 REC-6 REL-2: killed while GAMMA synthesises, then after the handoff was sealed: exactly one successor each', async () => {
    const during = await spawn('killed-during', 8);
    await whenLogged(ags, during, 'recovery_started');
    const after = await spawn('killed-after', 0);
    await crash();
    await whenLogged(ags, after, 'handoff_sealed');
    await crash();
    await expectOneSuccessor(ags, during);
    await expectOneSuccessor(ags, after);
  });

  it('REC-3 REC-6 REL-2: killed as soon as the successor has begun: it goes on, and there is no other', async () => {
    const first = await spawn('killed-successor', 0);
    const sealed = await whenLogged(ags, first, 'handoff_sealed');
    const lineage = await (async () => {
      for (;;) {
        const seen = await ags.lineage(first);
        if (seen.waiting === null) return seen;
      }
    })();
    expect(lineage.items[1]?.pipeline_id).toBe(sealed.body.successor_id);
    await crash();
    await expectOneSuccessor(ags, first);
  });
});

describe('a GAMMA that never answers', () => {
  it('REC-2 REC-3 AGENT-4: it is waited for 60 s and no longer; the rules write, and the run is handed over', async () => {
    const first = await spawn('mute', 600);
    await when(ags, first, (p) => p.ended_at !== null);
    await expectWrittenByRule(ags, first);
    await expectOneSuccessor(ags, first);
  });
});
