import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSealing, type SealContext } from '#workers/credentials/sealing.ts';

const key = () => randomBytes(32).toString('base64');
const keys = { k1: key(), k2: key() };
const context: SealContext = {
  tenant: 'acme',
  key: 'pipeline:pl_1:vault_token',
  agent: 'ag_1',
  generation: 1,
};
const TOKEN = 'hvs.CAESIPlantedTokenValue';

describe('sealing', () => {
  it('CRED-2: what was sealed opens in the same context, and shows nothing of itself', async () => {
    const sealing = createSealing({ current: 'k1', keys });
    const sealed = await sealing.seal(TOKEN, context);
    expect(sealed).toMatch(/^s1\.k1\.[\w-]{16}\.[\w-]+$/);
    expect(sealed).not.toContain('hvs');
    expect(await sealing.open(sealed, context)).toEqual({ ok: true, value: TOKEN });
    expect(await sealing.seal(TOKEN, context)).not.toBe(sealed);
  });

  const others: [string, Partial<SealContext>][] = [
    ['tenant', { tenant: 'globex' }],
    ['store key', { key: 'pipeline:pl_2:vault_token' }],
    ['agent', { agent: 'ag_2' }],
    ['kind (pipeline, not agent)', { agent: null }],
    ['generation', { generation: 2 }],
  ];
  it.each(others)('CRED-2: it does not open for another %s', async (_, change) => {
    const sealing = createSealing({ current: 'k1', keys });
    const sealed = await sealing.seal(TOKEN, context);
    const opened = await sealing.open(sealed, { ...context, ...change });
    expect(opened).toMatchObject({ ok: false, error: { kind: 'unseal_failed', retryable: false } });
  });

  it('CRED-2: parts of the context cannot run into each other', async () => {
    const sealing = createSealing({ current: 'k1', keys });
    const sealed = await sealing.seal(TOKEN, { tenant: 'a', key: 'b","c', agent: null, generation: 1 });
    const opened = await sealing.open(sealed, { tenant: 'a', key: 'b', agent: 'c', generation: 1 });
    expect(opened.ok).toBe(false);
  });

  it('CRED-2: after a rotation the old key id still opens, the new one seals, and a removed one opens no more', async () => {
    const sealed = await createSealing({ current: 'k1', keys }).seal(TOKEN, context);
    const rotated = createSealing({ current: 'k2', keys });
    expect(await rotated.open(sealed, context)).toEqual({ ok: true, value: TOKEN });
    expect(await rotated.seal(TOKEN, context)).toMatch(/^s1\.k2\./);
    const removed = createSealing({ current: 'k2', keys: { k2: keys.k2 } });
    expect(await removed.open(sealed, context)).toMatchObject({
      ok: false,
      error: { kind: 'unseal_failed' },
    });
  });

  it('CRED-2: a changed byte, a swapped key id and anything else are refused, never thrown', async () => {
    const sealing = createSealing({ current: 'k1', keys });
    const sealed = await sealing.seal(TOKEN, context);
    const flipped = sealed.slice(0, -1) + (sealed.endsWith('A') ? 'B' : 'A');
    for (const value of [
      flipped,
      sealed.replace('.k1.', '.k2.'),
      '',
      'hvs.plain',
      's1.k1.!!.!!',
      `${sealed}.x`,
    ]) {
      expect(await sealing.open(value, context)).toMatchObject({
        ok: false,
        error: { kind: 'unseal_failed' },
      });
    }
  });

  it('CRED-2: keys that are not 32 bytes, or a current one that is missing, are refused at once without being shown', () => {
    const short = randomBytes(16).toString('base64');
    expect(() => createSealing({ current: 'k1', keys: { k1: short } })).toThrowError(/32 bytes/);
    expect(() => createSealing({ current: 'k9', keys })).toThrowError(/"k9" is not there/);
    try {
      createSealing({ current: 'k1', keys: { k1: short } });
    } catch (error) {
      expect(String(error)).not.toContain(short);
    }
  });
});
