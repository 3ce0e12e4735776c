import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#client/index.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import {
  endOfLineage,
  expectOneSuccessor,
  expectWrittenByRule,
  LEDGER,
  logOf,
  ofType,
  only,
  successorsOf,
  when,
  whenLogged,
} from '#tests/support/lineage.ts';
import { handingOver, quarrel, sky } from '#tests/support/plans/sky.ts';
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

/** The object of a promised successor exists. */
const whenThere = (id: string): Promise<unknown> =>
  expect
    .poll(
      () =>
        ags.pipeline(id).then(
          (p) => p.attempt,
          () => 0,
        ),
      { timeout: 60_000, interval: 50 },
    )
    .toBeGreaterThan(1);

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

describe('killed in every attempt', () => {
  it('REC-3 REC-6 REL-2: at the end of each attempt of a run that never agrees: three attempts, exit 1, one successor each, no fourth', async () => {
    const plan = { name: 'killed-thrice', rounds: 1, misbehave: quarrel(['ALPHA', 'BETA', 'GAMMA']) };
    const ids = [(await ags.spawn(sky(plan))).pipeline_id];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const id = ids.at(-1) ?? '';
      // Between the limit and the synthesis; what follows from it is done by those who come after.
      await whenLogged(ags, id, 'recovery_started');
      await crash();
      const { successor_id } = (await whenLogged(ags, id, 'handoff_sealed')).body;
      expect(successor_id === null).toBe(attempt === 3);
      if (successor_id === null) break;
      ids.push(successor_id);
      // Between the promise of a successor and its first step.
      await whenThere(successor_id);
      await crash();
    }
    const attempts = await endOfLineage(ags, ids[0] ?? '');
    expect(attempts.map(({ pipeline: p }) => [p.pipeline_id, p.attempt, p.exit_code, p.reason])).toEqual([
      [ids[0], 1, 3, 'round_limit'],
      [ids[1], 2, 3, 'round_limit'],
      [ids[2], 3, 1, 'recovery_exhausted'],
    ]);
    const logs = await Promise.all(ids.map((id) => logOf(ags, id)));
    for (const [n, log] of logs.entries()) {
      expect(verifyChain(log)).toEqual({ ok: true, count: log.length });
      expect(ofType(log, 'pipeline_spawned')).toHaveLength(1);
      if (n === 0) continue;
      expect(ofType(log, 'log_written')[0]?.body.message).toBe(`Resuming from ${ids[n - 1]} handoff`);
      expect(only(log, 'handoff_loaded').body.sha256).toBe(
        only(logs[n - 1] ?? [], 'handoff_sealed').body.sha256,
      );
    }
    await expect.poll(() => successorsOf(ags, ids[0] ?? ''), LEDGER).toEqual([ids[1]]);
    await expect.poll(() => successorsOf(ags, ids[1] ?? ''), LEDGER).toEqual([ids[2]]);
    expect(await successorsOf(ags, ids[2] ?? '')).toEqual([]);
  }, 300_000);
});

describe('a GAMMA that never answers', () => {
  it('REC-2 REC-3 AGENT-4: it is waited for 60 s and no longer; the rules write, and the run is handed over', async () => {
    const first = await spawn('mute', 600);
    await when(ags, first, (p) => p.ended_at !== null);
    await expectWrittenByRule(ags, first);
    await expectOneSuccessor(ags, first);
  });
});
