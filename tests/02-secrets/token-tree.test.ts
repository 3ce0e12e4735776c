import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vaultCaller } from '#tests/support/contract-vault.ts';
import { type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';

let services: EmbeddedServices;
const vault = vaultCaller(() => ({ addr: `${services.url}/vault`, token: services.rootToken }));
beforeAll(async () => {
  services = await startEmbedded();
});
afterAll(() => services.stop());

interface Model {
  parent: Model | null;
  accessor: string;
  token: string;
  expiresAt: number;
  dead: boolean;
}

/** A token ends when it is revoked or expires, and with any of its ancestors; what has ended stays so. */
function settle(tokens: Model[], now: number): void {
  for (const token of tokens) {
    if (token.expiresAt <= now || token.parent?.dead) token.dead = true;
  }
}

/** Leases are odd multiples of 500 s and the clock moves by 1,000 s, so that the seconds a run takes change nothing. */
const lease = (halves: number) => halves * 1_000 + 500;
const index = fc.nat(30);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('create' as const),
      at: index,
      halves: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('renew' as const),
      at: index,
      halves: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('revoke' as const), at: index }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('pass' as const), thousands: fc.integer({ min: 1, max: 3 }) }),
  },
);

describe('the token tree of the embedded Vault', () => {
  it('CRED-4: after any run of issuing, renewing, revoking and waiting, exactly the tokens of the model live', async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const tokens: Model[] = [];
      let now = 0;
      for (const action of steps) {
        const target = 'at' in action && tokens.length > 0 ? tokens[action.at % tokens.length] : undefined;
        if (action.act === 'create') {
          // About every third token stands alone under the root token.
          const parent = action.at % 3 === 0 ? undefined : target;
          const body = { policies: ['root'], ttl: lease(action.halves) };
          const made = await vault('POST', 'auth/token/create', body, parent?.token);
          expect(made.status).toBe(parent?.dead ? 403 : 200);
          if (made.body.auth) {
            tokens.push({
              parent: parent ?? null,
              accessor: made.body.auth.accessor,
              token: made.body.auth.client_token,
              expiresAt: now + lease(action.halves),
              dead: false,
            });
          }
        } else if (action.act === 'renew' && target) {
          const increment = lease(action.halves);
          const renewed = await vault('POST', 'auth/token/renew-accessor', {
            accessor: target.accessor,
            increment,
          });
          expect(renewed.status).toBe(target.dead ? 400 : 200);
          if (!target.dead) target.expiresAt = now + increment;
        } else if (action.act === 'revoke' && target) {
          await vault('POST', 'auth/token/revoke-accessor', { accessor: target.accessor });
          target.dead = true;
        } else if (action.act === 'pass') {
          now += action.thousands * 1_000;
          await services.advanceClock(action.thousands * 1_000_000);
        }
        settle(tokens, now);
      }
      const listed = (await vault('GET', 'auth/token/accessors?list=true')).body.data?.keys;
      const alive = new Set(Array.isArray(listed) ? listed : []);
      const ours = tokens.filter((token) => alive.has(token.accessor));
      expect(ours).toEqual(tokens.filter((token) => !token.dead));
      for (const token of tokens.filter((one) => one.dead)) {
        expect((await vault('GET', 'auth/token/lookup-self', undefined, token.token)).status).toBe(403);
      }
    });
    await fc.assert(property, { numRuns: 12 });
  }, 60_000);
});
