import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { LedgerKeys } from '#contract/tree.ts';
import { controlLogId } from '#domain/ids.ts';
import type { EvidencePackage } from '#domain/ledger/evidence/package.ts';
import { verifyEvidence } from '#domain/ledger/evidence/verify.ts';
import { ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import { parseTrust } from '#domain/ledger/log/trust.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { controlStub, logStub } from '#objects/shared/stubs.ts';
import { batchOf, type FakeMessage } from '#tests/07-monitoring-learning/fake-pipeline.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import {
  answer,
  ask,
  env,
  makeTenant,
  migrateLedger,
  planSource,
  type TestTenant,
} from '#tests/support/worker.ts';
import { parseConfig } from '#workers/config.ts';
import { handleLedgerBatch, logSources } from '#workers/ledger/index.ts';
import { archiveOld, type RetentionPorts, retentionPorts } from '#workers/retention/index.ts';

export const DAY = 24 * 3_600_000;
export const utf8 = (bytes: Uint8Array) =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
export const verifyPorts = { verify: ed25519Verifier(crypto.subtle), decode: utf8 };

/** The tenant of the running test. */
export let acme: TestTenant;
let tenants = 0;
/** A tenant of its own for each test, under a clock that the test moves. */
export function eachWithItsTenant(): void {
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    listenToQueues();
    await migrateLedger();
    tenants += 1;
    acme = await makeTenant(`acme${tenants}`);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

export const days = (n: number) => vi.setSystemTime(Date.now() + n * DAY);
export const key = () => acme.keys.admin;
export const control = () => controlStub(env.CONTROL, acme.tenant);
export const changesOf = async (type: string) =>
  (await control().changes(0, 1_000)).filter((c) => c.type === type);
export const count = async (table: string, id: string) =>
  (
    await env.LEDGER.prepare(`SELECT count(*) AS n FROM ${table} WHERE pipeline_id = ?`)
      .bind(id)
      .first<{ n: number }>()
  )?.n ?? 0;

/** The ledger's consumer, for a pipeline or for the tenant's own log. */
export async function ship(id: string): Promise<void> {
  const message = {
    attempts: 1,
    outcome: 'none' as FakeMessage['outcome'],
    body: { tenant: acme.tenant, pipeline_id: id, seq: 1 },
  };
  await handleLedgerBatch(batchOf([message]), {
    db: env.LEDGER,
    pipeline: logSources(env),
    tree: (tenant) => logStub(env.LOG, tenant),
    log() {},
    now: () => new Date().toISOString(),
  });
  expect(message.outcome).toBe('ack');
}
export const shipControl = () => ship(controlLogId(acme.tenant));

export async function spawn(name: string, more = ''): Promise<DrivenPipeline> {
  const body = { plan: { source: planSource({ name }) + more } };
  const made = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body });
  expect(made.status).toBe(201);
  return new DrivenPipeline(acme.tenant, made.body.pipeline_id);
}
/** Ended, sealed, and in the ledger. */
export async function cancelled(name: string): Promise<DrivenPipeline> {
  const pipeline = await spawn(name);
  await answer('/api/pipeline/cancel', {
    key: acme.keys.operator,
    body: { pipeline_id: pipeline.id, reason: 'enough' },
  });
  await pipeline.rpc.poke(acme.tenant);
  await ship(pipeline.id);
  return pipeline;
}
export async function agreed(name: string, more = ''): Promise<DrivenPipeline> {
  const pipeline = await spawn(name, more);
  await (await pipeline.toConsensus()).revokeAll();
  await pipeline.rpc.poke(acme.tenant);
  await ship(pipeline.id);
  return pipeline;
}

export const ports = () => retentionPorts(env, parseConfig(env), acme.tenant, () => {});
export const run = (given: RetentionPorts = ports()) => archiveOld([acme.tenant], () => given);

export async function verified(id: string, events: PipelineEvent[]): Promise<EvidencePackage> {
  const response = await ask(`/api/archives/${id}`, { key: key() });
  expect(response.status).toBe(200);
  const file = new Uint8Array(await response.arrayBuffer());
  const keys = await answer<LedgerKeys>(`/api/ledger/keys?tenant=${acme.tenant}`);
  const trust = parseTrust(keys.body.trust);
  if (!trust.ok) throw new Error(trust.why);
  const report = await verifyEvidence(file, trust.value, verifyPorts);
  expect(report.checks.filter((c) => c.status !== 'passed')).toEqual([]);
  const given = JSON.parse(utf8(file)) as EvidencePackage;
  expect(given.events).toEqual(events);
  return given;
}
