import { hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Problem } from '#contract/problem.ts';
import type { ConsistencyProof, InclusionProof, LedgerKeys, LogLeaf, TreeHead } from '#contract/tree.ts';
import { controlLogId } from '#domain/ids.ts';
import type { EvidencePackage } from '#domain/ledger/evidence/package.ts';
import { verifyEvidence } from '#domain/ledger/evidence/verify.ts';
import { readHead } from '#domain/ledger/log/audit.ts';
import { ed25519Pair, ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import { hashOfLeaf } from '#domain/ledger/log/leaf.ts';
import { verifyConsistency, verifyInclusion } from '#domain/ledger/log/merkle.ts';
import { cosign, formatKey, parseNote, verifierKey } from '#domain/ledger/log/note.ts';
import { parseTrust, type Trust } from '#domain/ledger/log/trust.ts';
import { controlStub, logStub } from '#objects/shared/stubs.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, ask, env, makeTenant, migrateLedger, type TestTenant } from '#tests/support/worker.ts';
import { TEST_VARIABLES } from '#tests/support/worker-env.ts';
import { handleLedgerBatch, logSources } from '#workers/ledger/index.ts';
import { batchOf, type FakeMessage } from './fake-pipeline.ts';

const verify = ed25519Verifier(crypto.subtle);
const ports = {
  verify,
  decode: (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
};
let acme: TestTenant;
let rival: TestTenant;
beforeAll(async () => {
  await migrateLedger();
  listenToQueues();
  acme = await makeTenant('acme');
  rival = await makeTenant('rival');
});

const read = <T>(path: string, key = acme.keys.viewer) => answer<T>(path, { key });
const post = <T>(path: string, body: object, key: string) => answer<T & Problem>(path, { key, body });

async function trustIn(tenant: string, more = ''): Promise<Trust> {
  const { status, body } = await answer<LedgerKeys>(`/api/ledger/keys?tenant=${tenant}`);
  expect(status).toBe(200);
  const trust = parseTrust(body.trust + more);
  if (!trust.ok) throw new Error(trust.why);
  return trust.value;
}
async function evidenceOf(id: string, key = acme.keys.viewer): Promise<Uint8Array> {
  const response = await ask(`/api/pipeline/evidence?pipeline_id=${id}`, { key });
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}
async function sealedPipeline(): Promise<DrivenPipeline> {
  const pipeline = await (await DrivenPipeline.spawn('acme')).toConsensus();
  return pipeline.revokeAll();
}

describe('GET /api/pipeline/evidence', () => {
  it('LEDG-3: the package of an ended pipeline verifies with the published keys, and not with another tenant’s', async () => {
    const pipeline = await sealedPipeline();
    const file = await evidenceOf(pipeline.id);
    const report = await verifyEvidence(file, await trustIn('acme'), ports);
    expect(report.checks.filter((c) => c.status !== 'passed')).toEqual([]);
    expect(report).toMatchObject({
      verified: true,
      subject: { tenant: 'acme', pipeline_id: pipeline.id },
      outcome: { state: 'COMPLETED', exit_code: 0, sealed: true },
    });
    const given = JSON.parse(ports.decode(file)) as EvidencePackage;
    expect(given.events).toEqual(await pipeline.events());
    expect(given.index.tokens.length).toBeGreaterThan(0);
    expect((await verifyEvidence(file, await trustIn('rival'), ports)).verified).toBe(false);
  });

  it('LEDG-3: of a live pipeline there is none yet, and the problem says when', async () => {
    const pipeline = await DrivenPipeline.spawn('acme');
    const { status, body } = await read<Problem>(`/api/pipeline/evidence?pipeline_id=${pipeline.id}`);
    expect([status, body.code, body.allowed]).toEqual([409, 'wrong_state', ['COMPLETED', 'FAILED']]);
    expect(body.remedy).toContain('ended');
  });

  it('LEDG-3: what becomes known after the end makes another package, of more events', async () => {
    const pipeline = await (await DrivenPipeline.spawn('acme')).toConsensus();
    const early = await verifyEvidence(await evidenceOf(pipeline.id), await trustIn('acme'), ports);
    await pipeline.revokeAll();
    const late = await verifyEvidence(await evidenceOf(pipeline.id), await trustIn('acme'), ports);
    expect([early.verified, early.outcome?.sealed]).toEqual([true, false]);
    expect([late.verified, late.outcome?.sealed]).toEqual([true, true]);
  });

  it('LEDG-3: a pipeline that contradicts the log gives no evidence, and raises the alarm', async () => {
    const pipeline = await sealedPipeline();
    const events = await pipeline.events();
    const report = { chain: pipeline.id, number: 1, seq: events.length, hash: 'f'.repeat(64), settled: true };
    await logStub(env.LOG, 'acme').submit('acme', [report]);
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { status, body } = await read<Problem>(`/api/pipeline/evidence?pipeline_id=${pipeline.id}`);
    expect([status, body.code]).toEqual([409, 'evidence_conflict']);
    logged.mockRestore();
  });

  it('TEN-1: another tenant’s pipeline, or another project’s, is a 404', async () => {
    const pipeline = await sealedPipeline();
    const path = `/api/pipeline/evidence?pipeline_id=${pipeline.id}`;
    expect((await read(path, rival.keys.admin)).status).toBe(404);
    const narrow = await acme.newKey({ role: 'operator', project_ids: [acme.project_id] });
    expect((await read(path, narrow.secret)).status).toBe(404);
    const proof = `/api/ledger/inclusion?pipeline_id=${pipeline.id}&seq=1`;
    expect((await read(proof, rival.keys.admin)).status).toBe(404);
    expect((await read(proof, narrow.secret)).status).toBe(404);
    expect((await read('/api/ledger/leaves', narrow.secret)).status).toBe(403);
  });
});

describe('the log by the API', () => {
  it('LEDG-2: keys are public, belong to the tenant’s log, and tell nothing of whether there is such a tenant', async () => {
    const known = await answer<LedgerKeys>('/api/ledger/keys?tenant=acme');
    const unknown = await answer<LedgerKeys>('/api/ledger/keys?tenant=nobody-here');
    expect([known.status, unknown.status]).toEqual([200, 200]);
    expect(known.body.origin).toBe('ags.test/acme');
    expect(known.body.keys).toEqual([
      expect.objectContaining({ kid: 'l1', algorithm: 'Ed25519', signs: true }),
    ]);
    expect(JSON.stringify(known.body)).not.toContain(TEST_VARIABLES.AGS_LEDGER_KEYS.slice(3));
    expect((await answer('/api/ledger/keys')).status).toBe(422);
    expect((await answer('/api/ledger/keys?tenant=../acme')).status).toBe(422);
  });

  it('LEDG-2: keys rotate: the new one signs, heads and packages of the old one still verify by what is published', async () => {
    const pipeline = await sealedPipeline();
    const old = await evidenceOf(pipeline.id);
    const { key: oldPublic, public_key: raw } = (await answer<LedgerKeys>('/api/ledger/keys?tenant=acme'))
      .body.keys[0]!;
    const rotated = { ...env, AGS_LEDGER_KEYS: `l2:${'C'.repeat(42)}A=,l1:public:${raw}` };
    const keys = await answer<LedgerKeys>('/api/ledger/keys?tenant=acme', { env: rotated });
    expect(keys.body.keys.map((k) => [k.kid, k.signs])).toEqual([
      ['l2', true],
      ['l1', false],
    ]);
    expect(keys.body.keys[1]?.key).toBe(oldPublic);
    const trust = parseTrust(keys.body.trust);
    expect(trust.ok && (await verifyEvidence(old, trust.value, ports)).verified).toBe(true);
  });

  it('LEDG-2: head, inclusion and consistency fit together', async () => {
    await evidenceOf((await sealedPipeline()).id);
    const pipeline = await sealedPipeline();
    await evidenceOf(pipeline.id);
    const trust = await trustIn('acme');
    const first = await read<TreeHead>('/api/ledger/head');
    const from = await readHead(first.body.checkpoint, trust, verify);
    await evidenceOf((await sealedPipeline()).id);
    const second = await read<TreeHead>('/api/ledger/head');
    const to = await readHead(second.body.checkpoint, trust, verify);
    if (!from.ok || !to.ok) throw new Error('a head is not signed');
    expect(to.value.checkpoint.size).toBe(from.value.checkpoint.size + 1);

    const { body } = await read<ConsistencyProof>(
      `/api/ledger/consistency?from=${first.body.size}&to=${second.body.size}`,
    );
    const hashes = body.hashes.map((h) => hexToBytes(h));
    expect(verifyConsistency(from.value.checkpoint, to.value.checkpoint, hashes)).toBe(true);

    const { length } = await pipeline.events();
    const proof = await read<InclusionProof>(
      `/api/ledger/inclusion?pipeline_id=${pipeline.id}&seq=${length}&size=${second.body.size}`,
    );
    const path = proof.body.hashes.map((h) => hexToBytes(h));
    const { leaf, index, size } = proof.body;
    expect(verifyInclusion(hashOfLeaf(leaf), index, size, path, to.value.checkpoint.root)).toBe(true);
    const beyond = await read<Problem>(`/api/ledger/consistency?from=1&to=${second.body.size + 1}`);
    expect([beyond.status, beyond.body.code]).toEqual([404, 'not_found']);
    expect((await read(`/api/ledger/consistency?from=9&to=2`)).status).toBe(422);
    const leaves = await read<{ items: unknown[]; next_cursor: string | null }>('/api/ledger/leaves?limit=1');
    expect([leaves.body.items.length, leaves.body.next_cursor]).toEqual([1, '1']);
  });

  it('LEDG-1 LEDG-2: the ledger’s consumer brings in the pipelines’ heads and that of the tenant’s own log', async () => {
    const pipeline = await sealedPipeline();
    const own = await controlStub(env.CONTROL, 'acme').changes(0, 1_000);
    const control = controlLogId('acme');
    const messages = [
      { tenant: 'acme', pipeline_id: pipeline.id, seq: 1 },
      { tenant: 'acme', pipeline_id: control, seq: own.length },
    ].map((body) => ({ body, attempts: 1, outcome: 'none' as FakeMessage['outcome'] }));
    await handleLedgerBatch(batchOf(messages), {
      db: env.LEDGER,
      pipeline: logSources(env),
      tree: (tenant) => logStub(env.LOG, tenant),
      log: () => {},
      now: () => new Date().toISOString(),
    });
    expect(messages.map((m) => m.outcome)).toEqual(['ack', 'ack']);
    const { items } = (await read<{ items: LogLeaf[] }>('/api/ledger/leaves?limit=1000')).body;
    const last = (await pipeline.events()).at(-1)!;
    expect(items).toContainEqual({ chain: pipeline.id, number: 1, seq: last.seq, hash: last.hash });
    const { seq, hash } = own.at(-1)!;
    expect(items).toContainEqual({ chain: 'control', number: 0, seq, hash });
  });

  it('LEDG-2: a witness is registered by an admin, signs, and stands in packages from then on', async () => {
    const pair = await ed25519Pair(crypto.subtle, new Uint8Array(32).fill(5));
    const key = verifierKey('witness.test', 'cosignature', pair.publicKey);
    const witness = { name: 'w1', key: formatKey(key) };
    expect((await post('/api/ledger/witnesses', witness, acme.keys.operator)).status).toBe(403);
    for (const _again of [1, 2])
      expect((await post('/api/ledger/witnesses', witness, acme.keys.admin)).status).toBe(201);
    const changes = await controlStub(env.CONTROL, 'acme').changes(0, 1_000);
    expect(changes.filter((c) => c.type === 'witness_added').map((c) => c.body)).toEqual([witness]);
    const wrong = await post('/api/ledger/witnesses', { ...witness, key: 'nonsense' }, acme.keys.admin);
    expect([wrong.status, wrong.body.field]).toEqual([422, 'key']);

    const pipeline = await sealedPipeline();
    await evidenceOf(pipeline.id);
    const head = (await read<TreeHead>('/api/ledger/head')).body;
    const line = await cosign(key, pair.sign, parseNote(head.checkpoint)!.text, 1_800_000_000);
    const signed = await post<TreeHead>(
      '/api/ledger/cosignatures',
      { size: head.size, cosignature: line },
      acme.keys.auditor,
    );
    expect([signed.status, signed.body.cosigned_by]).toEqual([200, ['witness.test']]);
    const trust = await trustIn('acme', `witness w1 ${witness.key}\nquorum w1\n`);
    const report = await verifyEvidence(await evidenceOf(pipeline.id), trust, ports);
    expect([report.verified, report.witnesses]).toEqual([true, ['w1']]);
  });
});
