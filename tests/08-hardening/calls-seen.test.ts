import { describe, expect, it } from 'vitest';
import { ok } from '#domain/result.ts';
import { createCredentials, type OnAnswer } from '#workers/credentials/index.ts';
import { CallsSeen } from '#workers/steps/index.ts';

const DOWN = { code: 'model_unavailable', message: 'it is failing', retry_after_s: 7 };

describe('what an isolate has seen', () => {
  it('OPS-1: what works is told to nobody; a failure is, with how many calls went well before it', () => {
    const seen = new CallsSeen();
    for (let n = 0; n < 10; n++) seen.note('acme', 'model:x/y', null);
    expect(seen.take('acme', [])).toEqual([]);
    seen.note('acme', 'model:x/y', DOWN);
    seen.note('acme', 'model:x/y', DOWN);
    const error = { code: DOWN.code, message: DOWN.message };
    expect(seen.take('acme', [])).toEqual([
      { name: 'model:x/y', error, ok: 10, retry_after_s: 7 },
      { name: 'model:x/y', error, ok: 0, retry_after_s: 7 },
    ]);
    expect(seen.take('acme', [])).toEqual([]);
  });

  it('OPS-1: that it works is told where a breaker waits to hear it', () => {
    const seen = new CallsSeen();
    expect(seen.take('acme', ['vault'])).toEqual([]);
    seen.note('', 'vault', null);
    expect(seen.take('acme', ['vault'])).toEqual([
      { name: 'vault', error: null, ok: 1, retry_after_s: null },
    ]);
  });

  it('TEN-1, OPS-1: a tenant’s models are told with its own steps only; Vault with anybody’s', () => {
    const seen = new CallsSeen();
    seen.note('acme', 'model:x/y', DOWN);
    seen.note('', 'vault', DOWN);
    expect(seen.take('other', []).map(({ name }) => name)).toEqual(['vault']);
    expect(seen.take('acme', []).map(({ name }) => name)).toEqual(['model:x/y']);
  });
});

describe('Vault and store', () => {
  const told: [string, string | null][] = [];
  const onAnswer: OnAnswer = (name, error) => told.push([name, error?.kind ?? null]);
  const credentials = (answer: () => Promise<Response>) =>
    createCredentials(
      {
        vault: { addr: 'http://vault.test', role_id: 'r', secret_id: 's' },
        store: { kind: 'upstash', url: 'http://store.test', token: 't' },
        sealing: { keys: { k1: btoa('0'.repeat(32)) }, current: 'k1' },
      } as unknown as Parameters<typeof createCredentials>[0],
      {
        fetch: answer,
        onAnswer,
        store: {
          put: async () => ok(undefined),
          get: async () => ok(null),
          delete: async () => ok(undefined),
        },
      },
    );
  const asked = async (answer: () => Promise<Response>) => {
    told.length = 0;
    await credentials(answer).lookup('acc-1');
    return told;
  };
  const says = (status: number, errors: string[]) => async () => Response.json({ errors }, { status });

  it('OPS-1: silence, sealing, standby and failing count against Vault', async () => {
    expect(await asked(() => Promise.reject(new Error('no route')))).toEqual([['vault', 'unavailable']]);
    expect(await asked(says(503, ['Vault is sealed']))).toEqual([['vault', 'sealed']]);
    expect(await asked(says(473, []))).toEqual([['vault', 'standby']]);
    expect(await asked(says(500, []))).toEqual([['vault', 'unavailable']]);
  });

  it('OPS-1: a refusal is an answer', async () => {
    for (const [, kind] of await asked(says(403, ['permission denied']))) expect(kind).toBeNull();
    expect(told.length).toBeGreaterThan(0);
  });

  it('OPS-1: every call of the store is told', async () => {
    told.length = 0;
    await credentials(says(200, [])).forget({ pipeline: 'pl_1', agents: [] });
    expect(told).toEqual([['redis', null]]);
  });
});
