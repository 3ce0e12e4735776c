import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { toTokenStatus } from '#contract/views.ts';
import { dueForRenewal } from '#domain/pipeline/renewal.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { handleRenewals } from '#workers/renewals/index.ts';
import type { StepWorld } from '../03-agent-execution/step-world.ts';
import {
  answers,
  type Fault,
  type FaultLine,
  lies,
  lostAnswer,
  pretends,
  refused,
  silent,
  slow,
} from '../support/faults/line.ts';
import { deliverUntil, ended, FaultWorlds, failures, withAgents } from '../support/faults/world.ts';
import { PIPELINE, TENANT } from '../support/pipeline.ts';

let worlds: FaultWorlds;
beforeAll(async () => {
  worlds = await FaultWorlds.start();
});
afterAll(() => worlds.stop());
beforeEach(() => worlds.fresh());
afterEach(() => vi.unstubAllGlobals());

const ANY = / \/vault\//;
const LOGIN = /POST .*\/auth\/approle\/login$/;
const CHILD = /POST .*\/auth\/token\/create\//;
const SECRET = /GET .*\/secret\/data\//;
const SELF = /GET .*\/lookup-self$/;
const REVOKE = /POST .*\/revoke-accessor$/;
const LOOKUP = /POST .*\/lookup-accessor$/;
const RENEW = /POST .*\/renew-accessor$/;

type Auth = { accessor: string; policies: string[]; lease_duration: number };
const granted: string[] = [];
/** Changes what a login or a child is said to be. The control plane's own logins stay as they are. */
const grant = (change: (auth: Auth) => Partial<Auth>): Fault =>
  lies(({ auth, ...rest }: { auth: Auth }) => {
    if (auth.policies.some((p) => p.startsWith('ags-control'))) return { auth, ...rest };
    granted.push(auth.accessor);
    return { ...rest, auth: { ...auth, ...change(auth) } };
  });
const policies = (...names: string[]) => grant(() => ({ policies: names }));

/** What Vault itself says about a token, whatever anybody was told. */
async function inVault(accessor: string): Promise<'alive' | 'gone'> {
  const found = await fetch(`${worlds.services.url}/vault/v1/auth/token/lookup-accessor`, {
    method: 'POST',
    headers: { 'x-vault-token': worlds.services.rootToken },
    body: JSON.stringify({ accessor }),
  });
  return found.ok ? 'alive' : 'gone';
}

interface Row {
  vault: string;
  put(line: FaultLine): unknown;
  /** The time that an answer has is over in no time. */
  impatient?: true;
  /** Every code in the log of a step that failed or was put back. */
  codes: string[];
  end: { exit_code: number; reason: string };
  more?(w: StepWorld): unknown;
}

const UNAVAILABLE = { exit_code: 1, reason: 'credentials_unavailable' };
const FINE = { exit_code: 0, reason: 'consensus_reached' };
/** PIPE-2: asked for two minutes, no agent step, nothing left to revoke. */
const askedForTwoMinutes = (w: StepWorld) => {
  expect(failures(w).length).toBeGreaterThan(5);
  const [first, last] = [w.rig.log[0], w.rig.last('pipeline_ended')];
  expect(Date.parse(last?.at ?? '') - Date.parse(first?.at ?? '')).toBeGreaterThanOrEqual(
    CLOCKS.credentials_window,
  );
  noAgent(w);
};
const noAgent = (w: StepWorld) => {
  expect(w.rig.types()).not.toContain('agent_spawned');
  expect(w.prompts).toEqual([]);
};
const revokedAndUnused = async (w: StepWorld) => {
  expect(w.prompts).toEqual([]);
  for (const accessor of granted) {
    expect(await inVault(accessor)).toBe('gone');
    expect(w.rig.state.tokens.map((t) => t.accessor)).not.toContain(accessor);
  }
  expect(granted.length).toBeGreaterThan(0);
};

const THROTTLED = answers(429, { errors: ['quota'] }, { 'retry-after': '7' });
const AT_SPAWN: Row[] = [
  {
    vault: 'fails with 500',
    put: (line) => line.put(ANY, answers(500)),
    codes: ['credentials_unavailable'],
    end: UNAVAILABLE,
    more: askedForTwoMinutes,
  },
  {
    vault: 'refuses connections',
    put: (line) => line.put(ANY, refused),
    codes: ['credentials_unavailable'],
    end: UNAVAILABLE,
    more: askedForTwoMinutes,
  },
  {
    vault: 'is sealed',
    put: (line) => line.put(ANY, answers(503, { errors: ['Vault is sealed'] })),
    codes: ['credentials_sealed'],
    end: UNAVAILABLE,
    more: askedForTwoMinutes,
  },
  {
    vault: 'stands by',
    put: (line) => line.put(ANY, answers(473, '')),
    codes: ['credentials_standby'],
    end: UNAVAILABLE,
    more: askedForTwoMinutes,
  },
  {
    vault: 'throttles, and says for how long',
    put: (line) => line.put(ANY, THROTTLED),
    codes: ['credentials_throttled'],
    end: UNAVAILABLE,
    more: (w) => {
      askedForTwoMinutes(w);
      for (const e of w.rig.log)
        if (e.type === 'step_failed' && e.body.retry_at)
          expect(Date.parse(e.body.retry_at) - Date.parse(e.at)).toBeGreaterThanOrEqual(7_000);
    },
  },
  {
    vault: 'takes connections and says nothing',
    put: (line) => line.put(ANY, silent),
    impatient: true,
    codes: ['credentials_slow'],
    end: UNAVAILABLE,
    more: askedForTwoMinutes,
  },
  {
    vault: 'answers after its time is over',
    put: (line) => line.put(ANY, slow(3_000)),
    impatient: true,
    codes: ['credentials_slow'],
    end: UNAVAILABLE,
    more: askedForTwoMinutes,
  },
  {
    vault: 'answers slowly, but in time',
    put: (line) => line.put(ANY, slow(25)),
    codes: [],
    end: FINE,
  },
  {
    vault: 'is somebody else: a web page',
    put: (line) => line.put(ANY, answers(200, '<html>it works</html>')),
    codes: ['credentials_bad_response'],
    end: UNAVAILABLE,
    more: noAgent,
  },
  {
    vault: 'loses the answers to its first logins',
    put: (line) => line.put(LOGIN, lostAnswer, 3),
    codes: ['credentials_unavailable'],
    end: FINE,
  },
  {
    vault: 'gives the login another tenant’s policies',
    put: (line) => line.put(LOGIN, policies('pipeline-agent', 'pipeline-globex')),
    codes: ['credentials_wrong_grant'],
    end: UNAVAILABLE,
    more: revokedAndUnused,
  },
  {
    vault: 'gives the login root besides',
    put: (line) =>
      line.put(
        LOGIN,
        grant((a) => ({ policies: [...a.policies, 'root'] })),
      ),
    codes: ['credentials_wrong_grant'],
    end: UNAVAILABLE,
    more: revokedAndUnused,
  },
  {
    vault: 'gives the login less than it needs',
    put: (line) => line.put(LOGIN, policies('pipeline-agent')),
    codes: ['credentials_wrong_grant'],
    end: UNAVAILABLE,
    more: revokedAndUnused,
  },
  {
    vault: 'gives a login without an end',
    put: (line) =>
      line.put(
        LOGIN,
        grant(() => ({ lease_duration: 0 })),
      ),
    codes: ['credentials_wrong_grant'],
    end: UNAVAILABLE,
    more: revokedAndUnused,
  },
  {
    vault: 'gives a login that cannot be revoked (a batch token)',
    put: (line) =>
      line.put(
        LOGIN,
        grant(() => ({ accessor: '' })),
      ),
    codes: ['credentials_bad_response'],
    end: UNAVAILABLE,
    more: noAgent,
  },
  {
    vault: 'gives an agent another tier than asked for',
    put: (line) =>
      line.put(
        CHILD,
        grant((a) => ({
          policies: a.policies.includes('agent-acme-t2') ? ['agent-acme-t1'] : ['agent-acme-t2'],
        })),
      ),
    codes: ['credentials_wrong_grant'],
    end: UNAVAILABLE,
    more: revokedAndUnused,
  },
  {
    vault: 'gives an agent another tenant’s policy',
    put: (line) => line.put(CHILD, policies('agent-globex-t0')),
    codes: ['credentials_wrong_grant'],
    end: UNAVAILABLE,
    more: revokedAndUnused,
  },
  {
    vault: 'gives an agent the pipeline’s policies',
    put: (line) => line.put(CHILD, policies('pipeline-agent', 'pipeline-acme')),
    codes: ['credentials_wrong_grant'],
    end: UNAVAILABLE,
    more: revokedAndUnused,
  },
];

describe('Vault at the spawn', () => {
  it.each(AT_SPAWN)('REL-3, PIPE-2, CRED-6: Vault $vault → exit $end.exit_code, $end.reason', async (row) => {
    granted.length = 0;
    row.put(worlds.line);
    const w = worlds.spawn(row.impatient);
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(worlds.line.met).toBeGreaterThan(0);
    expect(ended(w)).toMatchObject(row.end);
    expect([...new Set(failures(w).map((f) => f.code))]).toEqual(row.codes);
    expect(w.rig.state.tokens.every((t) => t.confirmed_at !== null)).toBe(true);
    worlds.line.mend();
    await row.more?.(w);
  });
});

describe('Vault while agents work', () => {
  const away: [string, Fault, string][] = [
    ['failing', answers(500), 'credentials_unavailable'],
    ['sealed', answers(503, { errors: ['Vault is sealed'] }), 'credentials_sealed'],
    ['silent', silent, 'credentials_slow'],
    ['throttling', THROTTLED, 'credentials_throttled'],
  ];
  it.each(away)(
    'REL-3, CRED-6: %s, it is waited for, and the run goes on where it stood',
    async (_, fault, code) => {
      const w = worlds.spawn();
      await deliverUntil(w, () => withAgents(w));
      worlds.line.put(ANY, fault);
      worlds.elsewhere(w, true);
      for (let n = 0; n < 4; n++) {
        w.rig.now += 60_000;
        await w.deliver();
      }
      expect(w.rig.state.waiting_for).toBe('credentials');
      expect(failures(w).map((f) => f.code)).toEqual(Array(failures(w).length).fill(code));
      expect(w.rig.types()).not.toContain('step_failed');
      worlds.line.mend();
      await worlds.elsewhere(w).run();
      expect(w.rig.types()).toContain('credentials_restored');
      expect(ended(w)).toMatchObject(FINE);
    },
  );

  it('REL-3, CRED-6: it denies a secret to a live token: the turn is lost, and the run says so', async () => {
    const w = worlds.spawn();
    await deliverUntil(w, () => withAgents(w));
    worlds.line.put(SECRET, answers(403, { errors: ['permission denied'] }));
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(failures(w).map((f) => f.code)).toEqual(['credentials_denied']);
    expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1 });
    expect(w.prompts).toEqual([]);
  });

  it('REL-3, CRED-6: it calls a live token dead: whoever holds it is stopped, and every token goes', async () => {
    const w = worlds.spawn();
    await deliverUntil(w, () => withAgents(w));
    const forbidden = answers(403, { errors: ['permission denied'] });
    worlds.line.put(SECRET, forbidden).put(SELF, forbidden);
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(failures(w).map((f) => f.code)).toEqual(['token_revoked']);
    expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1 });
    for (const { accessor } of w.rig.state.tokens) expect(await inVault(accessor)).toBe('gone');
  });

  it('REL-3, CRED-3: it renews to less than was asked for, each time: new logins take over, the old ones are revoked, and the run ends well', async () => {
    const w = worlds.spawn();
    await deliverUntil(w, () => withAgents(w));
    worlds.line.put(
      RENEW,
      lies(({ auth }: { auth: Auth }) => ({ auth: { ...auth, lease_duration: 60 } })),
    );
    const { credentials } = w.deps as unknown as {
      credentials: Parameters<typeof handleRenewals>[1]['credentials'];
    };
    const renew = () =>
      handleRenewals(
        {
          messages: [
            {
              body: { tenant: TENANT, pipeline_ids: [PIPELINE] },
              attempts: 1,
              ack: () => {},
              retry: () => {},
            },
          ],
        },
        {
          pipeline: () => ({
            renewalsDue: async () => dueForRenewal(w.rig.state, w.rig.now),
            recordRenewals: async (_, news) => {
              w.rig.when({ kind: 'record_renewals', ...news }, 'system:supervisor');
              return { accepted: true };
            },
          }),
          credentials,
          now: () => w.rig.now,
          random: () => 0.5,
          log: () => {},
        },
      );
    const logins = () => w.rig.types().filter((t) => t === 'credentials_recorded').length;
    for (let n = 0; n < 3; n++) {
      w.rig.pass(130_000);
      await renew();
      // The agents' turns wait; only what renewal asks for is worked on.
      const held = w.model;
      w.model = async () => new Response('busy', { status: 503 });
      await deliverUntil(w, () => w.rig.ready('credentials_login').length === 0);
      await deliverUntil(w, () => w.rig.ready('agent_bootstrap').length === 0);
      w.model = held;
    }
    expect(logins()).toBe(4);
    await w.run();
    expect(ended(w)).toMatchObject(FINE);
    for (const { accessor } of w.rig.state.tokens) expect(await inVault(accessor)).toBe('gone');
  });
});

describe('Vault at the end', () => {
  const unproven: [string, (line: FaultLine) => unknown][] = [
    ['says “revoked” and does nothing', (line) => line.put(REVOKE, pretends(204))],
    [
      'says that there was no such token, though it lives',
      (line) => line.put(REVOKE, answers(400, { errors: ['invalid accessor'] })),
    ],
    ['cannot be asked whether tokens are gone', (line) => line.put(LOOKUP, answers(500))],
    ['is gone', (line) => line.put(ANY, refused)],
  ];
  it.each(unproven)(
    'REL-3, CRED-4, PIPE-6: Vault that %s is not believed: “revoking”, then the seal by lookup',
    async (_, put) => {
      const w = worlds.spawn();
      await deliverUntil(w, () => ended(w) !== null);
      put(worlds.line);
      for (let n = 0; n < 4; n++) {
        w.rig.now += 61_000;
        await w.deliver();
      }
      expect(worlds.line.met).toBeGreaterThan(3);
      expect(toTokenStatus(w.rig.state).status).toBe('revoking');
      expect(w.rig.state.sealed).toBe(false);
      worlds.line.mend();
      await deliverUntil(w, () => w.rig.state.sealed);
      expect(w.rig.last('sealed')?.body).toMatchObject({
        by_expiry: 0,
        by_lookup: w.rig.state.tokens.length,
      });
      for (const { accessor } of w.rig.state.tokens) expect(await inVault(accessor)).toBe('gone');
    },
  );

  it('REL-3, CRED-4: it revokes, and its answers get lost: the lookup proves it all the same', async () => {
    const w = worlds.spawn();
    await deliverUntil(w, () => ended(w) !== null);
    worlds.line.put(REVOKE, lostAnswer);
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(failures(w)).toEqual([]);
    expect(w.rig.last('sealed')?.body).toMatchObject({ by_lookup: w.rig.state.tokens.length });
  });

  it('REL-3, CRED-4, PIPE-6: it never comes back: leases run out, and the seal says so', async () => {
    const w = worlds.spawn();
    await deliverUntil(w, () => ended(w) !== null);
    worlds.line.put(ANY, refused);
    await w.deliver();
    w.rig.pass(2 * 3_600_000 + 60_000);
    expect(w.rig.last('sealed')?.body).toMatchObject({ by_lookup: 0, by_expiry: w.rig.state.tokens.length });
  });
});
