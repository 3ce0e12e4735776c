import { describe, expect, it } from 'vitest';
import type { Renewals } from '#domain/pipeline/renewal.ts';
import { dueForRenewal, renewalAt } from '#domain/pipeline/renewal.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { liveAgent, liveToken } from '#domain/pipeline/state.ts';
import { proposal, Rig, spawnCommand } from '../support/pipeline.ts';

const HOUR = 3_600_000;
const due = (rig: Rig) => dueForRenewal(rig.state, rig.now).map((t) => t.accessor);
const pipelineToken = (rig: Rig) => liveToken(rig.state, null)!.accessor;
const tokenOf = (rig: Rig, role: 'PLANNER' | 'ALPHA' | 'BETA') => liveAgent(rig.state, role)!.accessor!;
const record = (rig: Rig, news: Partial<Renewals>) =>
  rig.when({ kind: 'record_renewals', renewed: [], failed: [], ...news }, 'system:supervisor');
const renewed = (rig: Rig, accessors: string[], seconds = 7_200, capped = false) =>
  record(rig, {
    renewed: accessors.map((accessor) => ({ accessor, expires_at: rig.expiry(seconds), capped })),
  });
const confirmedGone = (rig: Rig) =>
  rig.state.tokens.filter((t) => t.confirmed_at !== null).map((t) => t.accessor);

describe('what is due', () => {
  it('CRED-3: the pipeline’s token and its working agents’, children too, once a fifth of the lease has passed', () => {
    const rig = new Rig().toRoundOne();
    const leases = 7_200_000;
    rig.now += leases * CLOCKS.renew_due - 1;
    expect(due(rig)).toEqual([]);
    rig.now += 1;
    expect(due(rig)).toEqual([pipelineToken(rig), tokenOf(rig, 'ALPHA'), tokenOf(rig, 'BETA')]);
  });

  it('CRED-1: a login’s short first lease makes the pipeline ask for itself, long before it ends', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    const [step] = rig.ready('credentials_login');
    const login = { accessor: 'acc-1', policies: [], expires_at: rig.expiry(300) };
    rig.finish(step!, { kind: 'credentials_login', ...login });
    expect(renewalAt(rig.state) - rig.now).toBe(120_000);
    renewed(rig, ['acc-1']);
    expect(renewalAt(rig.state) - rig.now).toBe(7_200_000 * CLOCKS.renew_late);
  });

  it('CRED-3: overlapping runs are harmless: what one has renewed is not due for the next, and tells nothing twice', () => {
    const rig = new Rig().toRoundOne();
    rig.now += HOUR / 2;
    const both = due(rig);
    renewed(rig, both);
    expect(due(rig)).toEqual([]);
    const before = rig.log.length;
    renewed(rig, both);
    expect(rig.log.length).toBe(before);
    expect(rig.state.renewals).toBe(1);
  });

  it('CRED-3: neither what is being revoked nor a pipeline that has ended is renewed', () => {
    const rig = new Rig().toRoundOne();
    const beta = liveAgent(rig.state, 'BETA')!;
    rig.when({ kind: 'revoke', agent_id: beta.agent_id, reason: 'no' });
    rig.now += HOUR;
    expect(due(rig)).not.toContain(beta.accessor);
    rig.when({ kind: 'cancel', reason: 'enough' });
    expect(due(rig)).toEqual([]);
    expect(renewed(rig, [pipelineToken(rig)]).ok).toBe(false);
  });
});

describe('near the maximum TTL', () => {
  it('CRED-3: a token that is being replaced is not renewed any more, while its agent still works with it', () => {
    const rig = new Rig().toRoundOne();
    const old = tokenOf(rig, 'ALPHA');
    rig.now += HOUR;
    renewed(rig, [old], 7_200, true);
    expect(tokenOf(rig, 'ALPHA')).toBe(old);
    expect(rig.state.tokens.find((t) => t.accessor === old)).toMatchObject({ superseded: true });
    rig.now += HOUR;
    expect(due(rig)).toEqual([pipelineToken(rig), tokenOf(rig, 'BETA')]);
  });

  /** A renewal that Vault capped, and the new login. */
  function loggedInAnew(): { rig: Rig; old: string[] } {
    const rig = new Rig().toRoundOne();
    const old = [pipelineToken(rig), tokenOf(rig, 'ALPHA'), tokenOf(rig, 'BETA')];
    rig.now += HOUR / 2;
    renewed(rig, [pipelineToken(rig)], 5_000, true);
    expect(rig.ready('credentials_login')).toHaveLength(1);
    return { rig, old };
  }

  it('CRED-3: a new login and new children take over, work goes on all the while, and then the old ones are revoked', () => {
    const { rig, old } = loggedInAnew();
    const alpha = rig.turnOf('ALPHA');
    const epoch = rig.claim(alpha);
    rig.login();
    // Switch: every agent gets a child of the new login; until it has one, its old one is good.
    expect(rig.state.gate_closed).toBe(false);
    expect(tokenOf(rig, 'BETA')).toBe(old[2]);
    expect(rig.ready('agent_bootstrap')).toHaveLength(2);
    for (const step of rig.ready('agent_bootstrap')) {
      const { agent_id } = step.work as { agent_id: string };
      const child = { accessor: `new-${agent_id}`, policies: [], expires_at: rig.expiry() };
      rig.finish(step, { kind: 'agent_bootstrap', ...child });
    }
    expect(old).not.toContain(tokenOf(rig, 'ALPHA'));
    // Drain: ALPHA’s turn began with the old one.
    expect(rig.ready('revoke')).toEqual([]);
    const result = {
      kind: 'turn' as const,
      output: { findings: [], proposal: null, votes: [], messages: [] },
    };
    const usage = { ...rig.state.usage, tokens_cached: 0, provider: 'x', model: 'y', latency_ms: 1 };
    const { tokens_in, tokens_out, cost_microusd, tokens_cached, provider, model, latency_ms } = usage;
    rig.when({
      kind: 'complete',
      step_id: alpha.step_id,
      epoch,
      result: {
        ...result,
        usage: { tokens_in, tokens_out, cost_microusd, tokens_cached, provider, model, latency_ms },
      },
    });
    // Revoke the old.
    rig.revokeAll();
    expect(confirmedGone(rig).sort()).toEqual(expect.arrayContaining([...old].sort()));
    expect(rig.state.outcome).toBeNull();
    rig.speak('BETA', { proposal: proposal('still here') });
  });

  it('CRED-3: a run that is capped again while the new login is on its way logs in once', () => {
    const { rig } = loggedInAnew();
    rig.now += 60_000;
    renewed(rig, [pipelineToken(rig)], 4_900, true);
    expect(rig.ready('credentials_login')).toHaveLength(1);
  });

  it('CRED-3: a child that was on its way under the old login is replaced too', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.login();
    const planner = rig.ready('agent_bootstrap')[0]!;
    const epoch = rig.claim(planner);
    rig.now += HOUR / 2;
    renewed(rig, [pipelineToken(rig)], 5_000, true);
    rig.login();
    const child = { accessor: 'late-child', policies: [], expires_at: rig.expiry() };
    rig.when({
      kind: 'complete',
      step_id: planner.step_id,
      epoch,
      result: { kind: 'agent_bootstrap', ...child },
    });
    // It serves, so that nothing stands still, and another one is on its way.
    expect(rig.ready('agent_turn')).toHaveLength(1);
    expect(rig.ready('agent_bootstrap')).toHaveLength(1);
    expect(rig.ready('revoke')).toEqual([]);
    rig.bootstrap();
    const revoked = rig.ready('revoke').flatMap((s) => (s.work.kind === 'revoke' ? s.work.tokens : []));
    expect(revoked.map((t) => t.accessor)).toContain('late-child');
  });

  it('CRED-3: a child at its own maximum gets a successor under the same login', () => {
    const rig = new Rig().toRoundOne();
    rig.now += HOUR / 2;
    const old = tokenOf(rig, 'BETA');
    renewed(rig, [old], 600, true);
    expect(rig.ready('credentials_login')).toEqual([]);
    const [step] = rig.ready('agent_bootstrap');
    rig.finish(step!, { kind: 'agent_bootstrap', accessor: 'fresh', policies: [], expires_at: rig.expiry() });
    expect(tokenOf(rig, 'BETA')).toBe('fresh');
    expect(rig.ready('revoke')).toHaveLength(1);
    rig.revokeAll();
    expect(confirmedGone(rig)).toEqual([old]);
  });
});

describe('a renewal that fails', () => {
  const failed = (accessor: string, dead = false) => ({
    accessor,
    code: 'credentials_sealed',
    message: 'Vault is sealed; could not renew a token',
    dead,
  });

  it('CRED-3: is an alarm once, and over with the next that succeeds', () => {
    const rig = new Rig().toRoundOne();
    rig.now += HOUR;
    const own = pipelineToken(rig);
    record(rig, { failed: [failed(own)] });
    record(rig, { failed: [failed(own)] });
    expect(rig.types().filter((t) => t === 'renewal_failing')).toHaveLength(1);
    expect(rig.state.credential_error).toContain('sealed');
    renewed(rig, [own]);
    expect(rig.state.credentials.renewal_failing).toBeNull();
    expect(rig.state.credential_error).toBeNull();
  });

  it('CRED-6: a token that Vault no longer knows was revoked out of band: its agent is stopped, or the pipeline', () => {
    const rig = new Rig().toRoundOne();
    const beta = liveAgent(rig.state, 'BETA')!;
    record(rig, { failed: [failed(beta.accessor!, true)] });
    expect(rig.state.agents[beta.agent_id]).toMatchObject({ status: 'revoked', votes_void: false });
    expect(rig.state.outcome).toBeNull();
    record(rig, { failed: [failed(pipelineToken(rig), true)] });
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'token_revoked' });
  });
});
