import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#client/index.ts';
import type { Misbehaviour } from '#domain/plan/plan.ts';
import { stateFolder } from '#scripts/start/state-folder.ts';
import { vaultCaller } from '#tests/support/contract-vault.ts';
import { logOf, ofType, when, whenLogged } from '#tests/support/lineage.ts';
import { sky } from '#tests/support/plans/sky.ts';
import { startSystem, type TestSystem } from '#tests/support/system.ts';

let system: TestSystem;
let ags: Client;
beforeAll(async () => {
  system = await startSystem();
  ags = system.client();
});
afterAll(() => system?.stop());

const STALLS: Misbehaviour[] = [{ agent: 'ALPHA', kind: 'stall', seconds: 90, times: 9 }];

async function crash(): Promise<void> {
  await system.kill();
  await system.restart();
  ags = system.client();
}

/** What Vault itself says of an accessor, asked with its root token. */
async function livesInVault(accessor: string): Promise<boolean> {
  const secrets = JSON.parse(readFileSync(stateFolder(system.stateDir).secrets, 'utf8')) as {
    vault_root_token: string;
  };
  const ask = vaultCaller(() => ({ addr: `${system.embeddedUrl}/vault`, token: secrets.vault_root_token }));
  const self = await ask('GET', 'auth/token/lookup-self');
  expect(self.status).toBe(200);
  return (await ask('POST', 'auth/token/lookup-accessor', { accessor })).status === 200;
}

async function expectAllGone(id: string): Promise<void> {
  await expect
    .poll(async () => ofType(await logOf(ags, id), 'sealed').length, { timeout: 90_000, interval: 500 })
    .toBeGreaterThan(0);
  const log = await logOf(ags, id);
  const recorded = [...ofType(log, 'credentials_recorded'), ...ofType(log, 'agent_token_issued')].map(
    (e) => e.body.accessor,
  );
  const proven = ofType(log, 'token_confirmed_gone').map((e) => e.body.accessor);
  expect(proven.sort()).toEqual(recorded.sort());
  for (const accessor of recorded)
    expect([accessor, await livesInVault(accessor)]).toEqual([accessor, false]);
}

describe('processes killed', () => {
  it('CRED-4 REL-2: at the login, with tokens at work, and while they are being revoked: Vault knows none of them afterwards', async () => {
    const atWork = (await ags.spawn(sky({ name: 'killed-at-work', misbehave: STALLS }))).pipeline_id;
    await whenLogged(ags, atWork, 'round_started');
    const atLogin = (await ags.spawn(sky({ name: 'killed-at-login', misbehave: STALLS }))).pipeline_id;
    await crash();
    await whenLogged(ags, atLogin, 'agent_token_issued');
    for (const id of [atWork, atLogin]) await ags.cancel(id, 'seen enough');
    await crash();
    for (const id of [atWork, atLogin]) {
      await when(ags, id, (p) => p.ended_at !== null);
      await expectAllGone(id);
    }
  });
});

describe('Vault silent for a while', () => {
  it('CRED-6 REL-3: the run waits for credentials, says so, and goes on by itself when Vault is back', async () => {
    const fault = (mode: 'error' | 'none') =>
      system.control({ control: 'fault', service: 'vault', fault: { mode, status: 503 } });
    const stall: Misbehaviour = { agent: 'PLANNER', kind: 'stall', seconds: 4, times: 1 };
    const { pipeline_id: id } = await ags.spawn(sky({ name: 'vault-away', misbehave: [stall] }));
    await whenLogged(ags, id, 'agent_token_issued');
    await fault('error');
    // The embedded one forgets its faults when it is idle, so it is told again and again.
    const again = setInterval(() => void fault('error').catch(() => {}), 1_000);
    try {
      const waiting = await when(ags, id, (p) => p.waiting_for === 'credentials');
      expect(waiting.pipeline.exit_code).toBeNull();
      const status = await ags.tokenStatus(id);
      expect(status).toMatchObject({ status: 'active' });
      expect(status.last_error).toMatch(/Vault failed with 503/);
    } finally {
      clearInterval(again);
      await fault('none');
    }
    const ended = await when(ags, id, (p) => p.ended_at !== null);
    expect(ended.pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0 });
    const log = await logOf(ags, id);
    expect(ofType(log, 'credentials_restored').length).toBeGreaterThan(0);
    expect(ofType(log, 'step_failed')).toEqual([]);
    await expectAllGone(id);
  });
});
