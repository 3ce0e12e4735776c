import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#client/index.ts';
import type { Misbehaviour } from '#domain/plan/plan.ts';
import { newShell } from '#tests/05-bootstrap-checkpointing/cli-run.ts';
import {
  expectOneSuccessor,
  expectWrittenByRule,
  logOf,
  ofType,
  when,
  whenLogged,
} from '#tests/support/lineage.ts';
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

/** Vault answers 503 to everything meanwhile. The embedded one forgets its faults when it is idle, so it is told again and again. */
async function withoutVault<T>(act: () => Promise<T>): Promise<T> {
  const say = (mode: 'error' | 'none') =>
    system.control({ control: 'fault', service: 'vault', fault: { mode, status: 503 } });
  await say('error');
  const again = setInterval(() => void say('error').catch(() => {}), 2_000);
  try {
    return await act();
  } finally {
    clearInterval(again);
    await say('none');
  }
}

describe('recovery under faults', () => {
  it('REC-2 REC-3 CRED-6: with Vault gone GAMMA gets no token within 60 s, the rules write, and the successor waits for Vault', async () => {
    const stall: Misbehaviour = { agent: 'ALPHA', kind: 'stall', seconds: 20, times: 1, attempts: 1 };
    const { pipeline_id: first } = await ags.spawn(sky({ name: 'vault-gone', misbehave: [stall] }));
    // BETA has spoken, ALPHA has its key and is thinking: nothing else needs Vault before GAMMA does.
    await whenLogged(ags, first, 'turn_taken');
    await withoutVault(async () => {
      await ags.abort(first, 'Vault is gone');
      await when(ags, first, (p) => p.ended_at !== null);
    });
    await expectWrittenByRule(ags, first);
    await expectOneSuccessor(ags, first);
  });

  it('REC-3 OPS-3: with the quota full, the successor waits for it, shown as waiting, and is then spawned, once', async () => {
    const admin = system.client(system.keys.approver);
    // GAMMA takes its time over the synthesis, until nobody may begin anything.
    const first = await spawn('crowded', 10);
    await whenLogged(ags, first, 'recovery_started');
    await admin.setQuotas({ live_pipelines: 0 });
    const { body } = await whenLogged(ags, first, 'handoff_sealed');
    const waits = async () =>
      ofType(await logOf(ags, first), 'step_failed').some((e) => e.body.code === 'quota_exceeded');
    await expect.poll(waits, { timeout: 60_000, interval: 500 }).toBe(true);
    expect(await ags.lineage(first)).toMatchObject({
      waiting: body.successor_id,
      outcome: { state: 'FAILED', exit_code: 3 },
    });
    const shell = newShell({ AGS_URL: system.url, AGS_KEY: system.keys.requester });
    const shown = await shell.ags('pipeline', 'lineage', first);
    shell.remove();
    expect(shown.stdout).toContain(`${body.successor_id} is planned and waits to be admitted`);

    await admin.setQuotas({ live_pipelines: null });
    await expectOneSuccessor(ags, first);
  });
});
