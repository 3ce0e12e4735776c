import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StepWorld } from '../03-agent-execution/step-world.ts';
import { answers, type Fault, lostAnswer, refused, slow } from '../support/faults/line.ts';
import { aboutAgents, lyingStore, STORE } from '../support/faults/store.ts';
import { deliverUntil, ended, FaultWorlds, failures, withAgents } from '../support/faults/world.ts';

let worlds: FaultWorlds;
beforeAll(async () => {
  worlds = await FaultWorlds.start();
});
afterAll(() => worlds.stop());
beforeEach(() => worlds.fresh());
afterEach(() => vi.unstubAllGlobals());

const logins = (w: StepWorld) => w.rig.types().filter((t) => t === 'credentials_recorded').length;
const codes = (w: StepWorld) => [...new Set(failures(w).map((f) => f.code))];
const allGone = (w: StepWorld) => {
  expect(w.rig.state.sealed).toBe(true);
  expect(w.rig.state.tokens.every((t) => t.how === 'lookup')).toBe(true);
};
/** Every step on an isolate that has nothing in memory, and so has to ask the store. */
async function scattered(w: StepWorld, until: () => boolean, limit = 300): Promise<void> {
  for (let n = 0; n < limit && !until(); n++) {
    worlds.elsewhere(w);
    const next = Math.min(...w.rig.ready().map((s) => Date.parse(s.ready_at)));
    if (Number.isFinite(next)) w.rig.now = Math.max(w.rig.now, next);
    await w.deliver();
  }
  if (!until()) throw new Error(`not after ${limit} deliveries: ${w.rig.types().slice(-8).join(', ')}`);
}

/** A value that this deployment's own key sealed, for somebody else. */
const sealedFor = (key: string, other: { tenant?: string; agent?: string; generation?: number }) =>
  worlds.sealing.seal(JSON.stringify({ accessor: 'acc-of-somebody', token: 'hvs.of-somebody-else' }), {
    tenant: 'acme',
    key,
    agent: key.split(':')[3] ?? null,
    generation: 1,
    ...other,
  });

const UNSEAL = 'credentials_unseal_failed';
const LOST = 'credentials_store_lost';
const LIES: { store: string; lie: Parameters<typeof aboutAgents>[0]; code: string }[] = [
  { store: 'another agent’s value', lie: ({ others }) => others.at(-1), code: UNSEAL },
  { store: 'another tenant’s value', lie: ({ key }) => sealedFor(key, { tenant: 'globex' }), code: UNSEAL },
  { store: 'another generation’s value', lie: ({ key }) => sealedFor(key, { generation: 2 }), code: UNSEAL },
  { store: 'half of the value', lie: ({ history }) => history.at(-1)?.slice(0, 60), code: UNSEAL },
  {
    store: 'the value with one letter changed',
    lie: ({ history }) => history.at(-1)?.replace(/.{5}$/, 'AAAAA'),
    code: UNSEAL,
  },
  { store: 'something that was never sealed', lie: () => 'hvs.plain-text', code: UNSEAL },
  {
    store: 'a value sealed by a key that is gone',
    lie: ({ history }) => history.at(-1)?.replace('.k1.', '.k0.'),
    code: UNSEAL,
  },
  { store: 'nothing', lie: () => null, code: LOST },
];

describe('a store that lies', () => {
  it.each(LIES)(
    'REL-3, CRED-2: it gives $store, twice: not used; a new login, and the run goes on',
    async ({ lie, code }) => {
      const w = worlds.spawn();
      let left = 0;
      const twice = aboutAgents(async (asked) => {
        const said = left > 0 ? await lie(asked) : undefined;
        if (said !== undefined) left -= 1;
        return said;
      });
      worlds.line.put(STORE, lyingStore(twice));
      await deliverUntil(w, () => withAgents(w));
      const before = w.rig.state.tokens.map((t) => t.accessor);
      left = 2;
      await scattered(w, () => w.rig.state.sealed);
      expect(left).toBe(0);
      expect(codes(w)).toEqual([code]);
      expect(logins(w)).toBeGreaterThan(1);
      for (const accessor of before)
        expect(w.rig.state.tokens.find((t) => t.accessor === accessor)?.how).toBe('lookup');
      expect(ended(w)).toMatchObject({ exit_code: 0, reason: 'consensus_reached' });
      allGone(w);
    },
  );

  it.each(LIES)(
    'REL-3, CRED-2: it gives $store, for ever: the run ends after five logins at most, and no token is left',
    async ({ lie, code }) => {
      const w = worlds.spawn();
      worlds.line.put(STORE, lyingStore(aboutAgents(lie)));
      await scattered(w, () => w.rig.state.sealed);
      expect(codes(w)).toEqual([code]);
      expect(logins(w)).toBeLessThanOrEqual(5);
      expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1 });
      expect(w.prompts).toEqual([]);
      allGone(w);
    },
  );

  it('REL-3, CRED-2: it says that it kept a token and did not: the isolate that has it goes on, another finds it lost', async () => {
    const w = worlds.spawn();
    worlds.line.put(
      STORE,
      lyingStore(({ command }) => (command === 'SET' ? 'OK' : undefined)),
    );
    await deliverUntil(w, () => withAgents(w));
    expect(failures(w)).toEqual([]);
    worlds.elsewhere(w);
    await w.deliver();
    expect(codes(w)).toEqual([LOST]);
    worlds.line.mend();
    await scattered(w, () => w.rig.state.sealed);
    expect(ended(w)).toMatchObject({ exit_code: 0 });
    allGone(w);
  });

  /** The planner’s token was replaced and the first one revoked; the store, from now on, only knows the first. */
  async function remembersTheOld(): Promise<{ w: StepWorld; onRecord: string }> {
    const w = worlds.spawn();
    let lying = false;
    worlds.line.put(STORE, lyingStore(aboutAgents(({ history }) => (lying ? history[0] : undefined))));
    await deliverUntil(w, () => withAgents(w));
    const first = w.rig.state.tokens.find((t) => t.agent_id !== null)!.accessor;
    const news = { accessor: first, expires_at: w.rig.expiry(60), capped: true };
    w.rig.when({ kind: 'record_renewals', renewed: [news], failed: [] }, 'system:supervisor');
    const turn = w.rig.ready('agent_turn')[0]!;
    for (let n = 0; n < 10 && w.rig.state.tokens[1]?.how !== 'lookup'; n++) {
      const held = w.model;
      w.model = async () => new Response('busy', { status: 503 });
      await w.deliver();
      w.model = held;
    }
    expect(w.rig.state.tokens[1]).toMatchObject({ accessor: first, how: 'lookup' });
    expect(w.rig.ready('agent_turn')[0]?.step_id).toBe(turn.step_id);
    lying = true;
    const onRecord = w.rig.state.tokens.at(-1)!.accessor;
    expect(onRecord).not.toBe(first);
    return { w, onRecord };
  }

  it('REL-3, CRED-2: it gives back the value before the last, whose token is revoked: lost, not revoked from outside', async () => {
    const { w } = await remembersTheOld();
    w.rig.now += 30_000;
    worlds.elsewhere(w);
    await w.deliver();
    expect(failures(w).at(-1)?.code).toBe(LOST);
    expect(w.rig.types()).not.toContain('agent_revoked');
    worlds.line.mend();
    await w.run();
    expect(ended(w)).toMatchObject({ exit_code: 0, reason: 'consensus_reached' });
    allGone(w);
  });

  it('REL-3, CRED-6: and when the token on record was revoked from outside too, that is still seen', async () => {
    const { w, onRecord } = await remembersTheOld();
    await fetch(`${worlds.services.url}/vault/v1/auth/token/revoke-accessor`, {
      method: 'POST',
      headers: { 'x-vault-token': worlds.services.rootToken },
      body: JSON.stringify({ accessor: onRecord }),
    });
    w.rig.now += 30_000;
    worlds.elsewhere(w);
    await w.deliver();
    expect(failures(w).at(-1)?.code).toBe('token_revoked');
    await scattered(w, () => w.rig.state.sealed);
    expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1 });
  });
});

describe('a store that is away', () => {
  const AWAY: [string, Fault][] = [
    ['fails with 500', answers(500, { error: 'ERR' })],
    ['refuses connections', refused],
    ['answers with a web page', answers(200, '<html>it works</html>')],
    ['is out of memory', answers(400, { error: 'OOM command not allowed when used memory > maxmemory' })],
    ['gives numbers', lyingStore(() => 7)],
    ['gives lists', lyingStore(() => [null])],
  ];
  it.each(AWAY)(
    'REL-3, CRED-2, CRED-6: it %s: it is waited for without an error, and the run goes on',
    async (_, fault) => {
      const w = worlds.spawn();
      await deliverUntil(w, () => withAgents(w));
      worlds.line.put(STORE, fault);
      worlds.elsewhere(w);
      await w.deliver();
      expect(w.rig.types()).not.toContain('step_failed');
      expect(w.rig.last('step_deferred')?.body).toMatchObject({ code: 'credentials_store_unavailable' });
      expect(w.rig.state.waiting_for).toBe('credentials');
      worlds.line.mend();
      await w.run();
      expect(w.rig.types()).toContain('credentials_restored');
      expect(ended(w)).toMatchObject({ exit_code: 0 });
      allGone(w);
    },
  );

  it('REL-3, PIPE-2: at the spawn it has two minutes, like Vault, and what was issued meanwhile is revoked', async () => {
    worlds.line.put(STORE, answers(500, { error: 'ERR' }));
    const w = worlds.spawn();
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(codes(w)).toEqual(['credentials_store_unavailable']);
    expect(ended(w)).toMatchObject({ exit_code: 1, reason: 'credentials_unavailable' });
    const times = (what: RegExp) => worlds.line.sent.filter((name) => what.test(name)).length;
    expect(times(/revoke-accessor$/)).toBe(times(/POST .*\/secret-id$/));
  });

  it('REL-3, CRED-2: it keeps the token and its answer gets lost: the token is revoked, another is issued', async () => {
    worlds.line.put(STORE, lostAnswer, 2);
    const w = worlds.spawn();
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(codes(w)).toEqual(['credentials_store_unavailable']);
    expect(ended(w)).toMatchObject({ exit_code: 0 });
  });

  it('REL-3, CRED-2: it is slow: that costs time and nothing else', async () => {
    worlds.line.put(STORE, slow(25));
    const w = worlds.spawn();
    await scattered(w, () => w.rig.state.sealed);
    expect(failures(w)).toEqual([]);
    expect(ended(w)).toMatchObject({ exit_code: 0 });
  });

  it('REL-3, CRED-2: it was emptied: the tokens are revoked by accessor, and a new login goes on', async () => {
    const w = worlds.spawn();
    await deliverUntil(w, () => withAgents(w));
    const before = w.rig.state.tokens.map((t) => t.accessor);
    await fetch(`${worlds.services.url}/redis`, {
      method: 'POST',
      headers: { authorization: `Bearer ${worlds.services.redisToken}` },
      body: JSON.stringify(['FLUSHALL']),
    });
    await worlds.elsewhere(w).run();
    expect(codes(w)).toEqual([LOST]);
    // The revocation of the old login may still clear the store after the new one; then it is found lost once more.
    expect([2, 3]).toContain(logins(w));
    const gone = w.rig.state.tokens.filter((t) => before.includes(t.accessor));
    expect(gone.every((t) => t.how === 'lookup')).toBe(true);
    expect(ended(w)).toMatchObject({ exit_code: 0, reason: 'consensus_reached' });
    allGone(w);
  });
});
