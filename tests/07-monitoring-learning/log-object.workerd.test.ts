import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { ed25519Pair, ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import { hashOfLeaf } from '#domain/ledger/log/leaf.ts';
import { verifyConsistency, verifyInclusion } from '#domain/ledger/log/merkle.ts';
import {
  cosign,
  formatKey,
  parseNote,
  type VerifierKey,
  verifierKey,
  verifySignature,
} from '#domain/ledger/log/note.ts';
import { logStub } from '#objects/shared/stubs.ts';
import { LogHeads } from '#objects/tenant/log/heads.ts';
import { type ChainReport, type LogRpc, logObjectName } from '#objects/tenant/log/rpc.ts';
import { LogTree } from '#objects/tenant/log/tree.ts';
import { env } from '#tests/support/worker.ts';
import { parseConfig } from '#workers/config.ts';
import { ledgerSigner } from '#workers/ledger/index.ts';

const log = (tenant: string) => logStub(env.LOG, tenant);
const objectOf = (tenant: string) => env.LOG.getByName(logObjectName(tenant));
const hash = (n: number): string => n.toString(16).padStart(64, '0');
const report = (number: number, seq: number, change: Partial<ChainReport> = {}): ChainReport => ({
  chain: `pl_${String(number).padStart(4, '0')}`,
  number,
  seq,
  hash: hash(number * 1_000 + seq),
  settled: true,
  ...change,
});
/** What a call fails with, asked inside the object: a rejection that crosses into the test counts as unhandled there. */
const failure = (tenant: string, call: (object: LogRpc) => Promise<unknown>): Promise<string> =>
  runInDurableObject(objectOf(tenant), (object) =>
    call(object as unknown as LogRpc).then(
      () => 'nothing failed',
      (error: unknown) => String(error),
    ),
  );
const verify = ed25519Verifier(crypto.subtle);
const logKey = async (tenant: string): Promise<VerifierKey> =>
  (await ledgerSigner(parseConfig(env).ledger)).key(`ags.test/${tenant}`);

/** A checkpoint's size and root, after its signature by the log was verified. */
async function checked(tenant: string, note: string) {
  const parsed = parseNote(note)!;
  const key = await logKey(tenant);
  const line = parsed.signatures.find((s) => s.id === key.id)!;
  expect(await verifySignature(key, parsed.text, line, verify)).toBe(true);
  const { origin, size, root } = parseCheckpoint(parsed.text)!;
  expect(origin).toBe(`ags.test/${tenant}`);
  return { size, root };
}

describe('the log of a tenant', () => {
  it('LEDG-2: heads are sequenced in batches, and each is provably in the signed tree', async () => {
    const reports = Array.from({ length: 300 }, (_, i) => report(i + 1, 10));
    const done = await log('batches').submit('batches', reports);
    expect(done.every((d) => d.status === 'sequenced')).toBe(true);
    const head = await log('batches').head('batches');
    expect(head.size).toBe(300);
    for (const n of [1, 2, 256, 257, 300]) {
      const proof = await log('batches').inclusion('batches', report(n, 10).chain, 10, null);
      if (!proof.ok) throw new Error(JSON.stringify(proof.error));
      const { leaf, index, hashes, checkpoint } = proof.value;
      const { size, root } = await checked('batches', checkpoint);
      expect(leaf).toEqual({ chain: report(n, 10).chain, number: n, seq: 10, hash: hash(n * 1_000 + 10) });
      expect(index).toBe(n - 1);
      expect(verifyInclusion(hashOfLeaf(leaf), index, size, hashes.map(hexToBytes), root)).toBe(true);
    }
  });

  it('LEDG-2: any older head is provably the beginning of a newer one, also after the object was evicted', async () => {
    const tenant = 'growing';
    const heads = [];
    for (const upTo of [1, 3, 255, 256, 257, 600]) {
      const before = (await log(tenant).head(tenant)).size;
      await log(tenant).submit(
        tenant,
        Array.from({ length: upTo - before }, (_, i) => report(before + i + 1, 1)),
      );
      heads.push(await checked(tenant, (await log(tenant).head(tenant)).checkpoint));
      await evictDurableObject(objectOf(tenant));
    }
    for (const from of heads)
      for (const to of heads.filter((h) => h.size >= from.size)) {
        const proof = await log(tenant).consistency(tenant, from.size, to.size);
        if (!proof.ok) throw new Error(JSON.stringify(proof.error));
        expect(verifyConsistency(from, to, proof.value.hashes.map(hexToBytes))).toBe(true);
      }
    expect((await log(tenant).leaves(tenant, 250, 20)).map((l) => l.number)).toEqual(
      Array.from({ length: 20 }, (_, i) => 251 + i),
    );
  });

  it('LEDG-2: repeated and late reports change nothing; another hash for a known event is a conflict', async () => {
    const tenant = 'repeats';
    const submit = (...reports: ChainReport[]) => log(tenant).submit(tenant, reports);
    await submit(report(1, 20));
    const { size } = await log(tenant).head(tenant);
    const again = await submit(report(1, 20), report(1, 7));
    expect(again.map((d) => d.status)).toEqual(['known', 'older']);
    const forged = await submit(report(1, 20, { hash: hash(666) }));
    expect(forged).toEqual([{ chain: 'pl_0001', seq: 20, status: 'conflict', known_hash: hash(1_020) }]);
    const renumbered = await submit(report(1, 30, { number: 2 }));
    expect(renumbered[0]?.status).toBe('conflict');
    expect((await log(tenant).head(tenant)).size).toBe(size);
  });

  it('LEDG-2: a chain that moves costs a leaf now and then; where it settles it is sequenced at once', async () => {
    const tenant = 'moving';
    const statuses = [];
    for (const [seq, settled] of [
      [1, false],
      [5, false],
      [9, false],
      [12, true],
    ] as const) {
      const [done] = await log(tenant).submit(tenant, [report(1, seq, { settled })]);
      statuses.push(done?.status);
    }
    expect(statuses).toEqual(['sequenced', 'deferred', 'deferred', 'sequenced']);
  });

  it('LEDG-2: a batch of 50 settled heads writes 51 rows, asking for its head one more', async () => {
    const tenant = 'costly';
    await log(tenant).submit(tenant, [report(1, 1)]);
    const written = () =>
      runInDurableObject(objectOf(tenant), (_, state) => {
        const { sql } = state.storage;
        const count = (table: string) => Number(sql.exec(`SELECT count(*) AS n FROM ${table}`).one().n);
        return { leaves: count('leaves'), bundles: count('bundles'), checkpoints: count('checkpoints') };
      });
    const before = await written();
    await log(tenant).submit(
      tenant,
      Array.from({ length: 50 }, (_, i) => report(i + 2, 1)),
    );
    await log(tenant).head(tenant);
    await log(tenant).head(tenant);
    const after = await written();
    expect(after.leaves - before.leaves).toBe(50);
    expect(after.bundles).toBe(1);
    expect(after.checkpoints).toBe(1);
  });

  it('LEDG-2: a failed batch leaves tree and tables as they were', async () => {
    const tenant = 'failing';
    await log(tenant).submit(tenant, [report(1, 1)]);
    const before = await log(tenant).head(tenant);
    const broken = report(3, 1, { hash: null as unknown as string });
    expect(await failure(tenant, (o) => o.submit(tenant, [report(2, 1), broken]))).toMatch(/NOT NULL/);
    expect(await log(tenant).head(tenant)).toEqual(before);
    const [done] = await log(tenant).submit(tenant, [report(2, 1)]);
    expect(done?.status).toBe('sequenced');
    const after = await checked(tenant, (await log(tenant).head(tenant)).checkpoint);
    const proof = await log(tenant).consistency(tenant, 1, 2);
    const from = await checked(tenant, before.checkpoint);
    expect(proof.ok && verifyConsistency(from, after, proof.value.hashes.map(hexToBytes))).toBe(true);
  });

  it('TEN-5: a log answers nobody who names another tenant', async () => {
    await log('mine').submit('mine', [report(1, 1)]);
    expect(await failure('mine', (o) => o.head('theirs'))).toMatch(/another tenant/);
  });
});

describe('rotation', () => {
  it('LEDG-2: after a rotation the head of the same size is signed by the new key, and keeps its witnesses', async () => {
    const tenant = 'rotating';
    const origin = `ags.test/${tenant}`;
    await log(tenant).submit(tenant, [report(1, 1)]);
    const pairs = await Promise.all(
      [1, 2].map((n) => ed25519Pair(crypto.subtle, new Uint8Array(32).fill(n))),
    );
    const [old, fresh] = pairs.map(({ publicKey, sign }) => ({
      key: (name: string) => verifierKey(name, 'ed25519', publicKey),
      sign,
    }));
    const witness = verifierKey('witness.test', 'cosignature', pairs[0]!.publicKey);
    const after = await runInDurableObject(objectOf(tenant), async (_, state) => {
      const tree = new LogTree(state.storage.sql);
      tree.load();
      const heads = new LogHeads(state.storage.sql, tree, origin, verify);
      const before = await heads.newest(old!);
      heads.addWitness('person:ps_1', 0, { name: 'w1', key: formatKey(witness) });
      const body = parseNote(before.checkpoint)!.text;
      await heads.cosign(1, await cosign(witness, pairs[0]!.sign, body, 1_800_000_000));
      return heads.newest(fresh!);
    });
    expect(after).toMatchObject({ size: 1, cosigned_by: ['witness.test'] });
    const { text, signatures } = parseNote(after.checkpoint)!;
    expect(signatures.map((s) => s.id)).toEqual([fresh!.key(origin).id, witness.id]);
    expect(await verifySignature(fresh!.key(origin), text, signatures[0]!, verify)).toBe(true);
    expect(await verifySignature(witness, text, signatures[1]!, verify)).toBe(true);
  });
});

describe('witnesses', () => {
  it('LEDG-2: a registered witness’s cosignature joins the head; others, and wrong ones, are refused', async () => {
    const tenant = 'witnessed';
    await log(tenant).submit(tenant, [report(1, 1)]);
    const head = await log(tenant).head(tenant);
    const text = parseNote(head.checkpoint)!.text;
    const pair = await ed25519Pair(crypto.subtle, new Uint8Array(32).fill(3));
    const key = verifierKey('witness.test', 'cosignature', pair.publicKey);
    const line = await cosign(key, pair.sign, text, 1_800_000_000);
    const unknown = await log(tenant).cosign(tenant, 1, line);
    expect(unknown).toMatchObject({ ok: false, error: { code: 'invalid' } });

    const add = (name: string, k: string) => log(tenant).addWitness(tenant, 'person:ps_1', { name, key: k });
    expect(await add('w1', formatKey(key))).toMatchObject({ ok: true, value: { added_by: 'person:ps_1' } });
    expect(await add('w1', formatKey(key))).toMatchObject({ ok: true });
    expect(await add('w2', formatKey(key))).toMatchObject({ ok: false });
    expect(await add('w3', formatKey(await logKey(tenant)))).toMatchObject({ ok: false });

    const signed = await log(tenant).cosign(tenant, 1, line);
    expect(signed).toMatchObject({ ok: true, value: { cosigned_by: ['witness.test'] } });
    expect(await log(tenant).cosign(tenant, 1, line)).toEqual(signed);
    const other = await cosign(key, pair.sign, text.replace('\n1\n', '\n2\n'), 1_800_000_000);
    expect(await log(tenant).cosign(tenant, 1, other)).toMatchObject({ error: { code: 'invalid' } });
    expect(await log(tenant).cosign(tenant, 9, line)).toMatchObject({ error: { code: 'not_found' } });

    // The tree grows; proofs for what the witnesses saw stay with the head that they signed.
    await log(tenant).submit(tenant, [report(2, 1)]);
    const proof = await log(tenant).inclusion(tenant, 'pl_0001', 1, null);
    expect(proof.ok && parseNote(proof.value.checkpoint)!.signatures.map((s) => s.name)).toEqual([
      `ags.test/${tenant}`,
      'witness.test',
    ]);
  });
});
