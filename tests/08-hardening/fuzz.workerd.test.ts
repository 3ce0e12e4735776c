import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import { Problem } from '#contract/problem.ts';
import type { PlanSummary } from '#contract/requests.ts';
import { chance, type FuzzedRequest, fuzzedRequest } from '#tests/support/mutate.ts';
import { type Known, type OpenApi, type Operation, operationsOf } from '#tests/support/requests.ts';
import {
  answer,
  ask,
  env,
  makeTenant,
  migrateLedger,
  ORIGIN,
  PLATFORM_KEY,
  planSource,
  type TestTenant,
} from '#tests/support/worker.ts';
import { ENDPOINTS } from '#workers/api/index.ts';

/** `npm run fuzz` sets both; a finding names the seed that repeats it. */
const { FUZZ_SEED, FUZZ_RUNS } = env as unknown as { FUZZ_SEED: string; FUZZ_RUNS: string };
const SEED = Number(FUZZ_SEED);
const RUNS = Number(FUZZ_RUNS);

/** 5xx that speak of the deployment and not of the request. */
const OF_THE_DEPLOYMENT = new Set(['not_implemented_here']);

let document: OpenApi;
let operations: Operation[];
let tenant: TestTenant;
let known: Known;
/** A log line for each of thousands of requests would bury what is found. */
beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
/** Endpoints that answered a fuzzed request with what was asked for. */
const gotIn = new Set<string>();
beforeAll(async () => {
  await migrateLedger();
  tenant = await makeTenant('acme');
  const key = tenant.keys.admin;
  const source = planSource({ name: 'fuzzed' });
  const plan = (await answer<PlanSummary>('/api/plans', { key, body: { source } })).body;
  const pipeline = (await answer<Pipeline>('/api/spawn', { key, body: { plan_id: plan.plan_id } })).body;
  const part = pipeline.pipeline_id.slice(3);
  known = {
    source,
    plan_id: plan.plan_id,
    pipeline_id: pipeline.pipeline_id,
    project_id: tenant.project_id,
    owner: tenant.person,
    tenant: 'acme',
    agent_id: `ag_${part}_1`,
    step_id: `st_${part}_1`,
    action_id: `ac_${part}_1`,
    approval_id: `ap_${part}_1`,
  };
  document = (await answer<OpenApi>('/api/openapi.json')).body;
  operations = operationsOf(document);
});

const keysOf = (): (string | undefined)[] => [
  tenant.keys.admin,
  tenant.keys.admin,
  tenant.keys.operator,
  tenant.keys.viewer,
  PLATFORM_KEY,
  undefined,
];

/** Null when all is well, else what is wrong with the answer. */
async function judge(operation: Operation, sent: FuzzedRequest, key: string | undefined) {
  const headers = new Headers(sent.headers);
  if (key !== undefined) headers.set('authorization', `Bearer ${key}`);
  const request = new Request(`${ORIGIN}${sent.path}`, { method: sent.method, headers, body: sent.body });
  const response = await ask(sent.path, { request });
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('event-stream') || response.webSocket) {
    response.webSocket?.accept();
    response.webSocket?.close();
    await response.body?.cancel();
    return null;
  }
  const text = await response.text();
  if (response.status >= 400) {
    if (!type.includes('problem+json')) return `${response.status} without a problem: ${text.slice(0, 200)}`;
    const problem = Problem.safeParse(JSON.parse(text));
    if (!problem.success) return `not a problem: ${text.slice(0, 300)}`;
    const { code, remedy } = problem.data;
    if (response.status >= 500 && !OF_THE_DEPLOYMENT.has(code))
      return `${response.status}: ${text.slice(0, 300)}`;
    return remedy === '' ? `${code} has no remedy` : null;
  }
  if (sent.method === operation.method) gotIn.add(operation.name);
  if (sent.method !== operation.method || !type.includes('application/json')) return null;
  const schema = ENDPOINTS.find((e) => e.name === operation.name)?.answers[response.status];
  if (schema === undefined) return `${response.status} is not in the document`;
  const shaped = schema?.safeParse(JSON.parse(text));
  return shaped?.success === false ? `an answer that is not documented: ${shaped.error.message}` : null;
}

describe('every endpoint of the OpenAPI document', () => {
  it(`SEC-2 API-2: ${RUNS} requests each near a good one never give a 5xx, and every answer is as documented (seed ${SEED})`, async () => {
    const found: unknown[] = [];
    for (const [index, operation] of operations.entries()) {
      for (let run = 0; run < RUNS; run++) {
        // Of its own: one endpoint more or less leaves the others' requests as they are.
        const random = chance(SEED * 1_000_003 + index * 10_007 + run);
        const sent = fuzzedRequest(operation, document, known, random);
        const keys = keysOf();
        const wrong = await judge(operation, sent, keys[Math.floor(random() * keys.length)]);
        if (wrong !== null) found.push({ endpoint: operation.name, run, wrong, sent });
        if (found.length >= 20) break;
      }
    }
    expect(found).toEqual([]);
    // Requests that are all refused at the door would prove nothing about what lies behind it.
    expect(gotIn.size).toBeGreaterThan(operations.length / 2);
  }, 3_600_000);

  it('SEC-2: bodies that are not UTF-8, and paths that are not either, are refused', async () => {
    const bytes = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
    for (const { method, path } of operations.filter((o) => o.body !== null)) {
      const request = new Request(`${ORIGIN}${path.replace(/\{\w+\}/g, '%ff%fe')}`, {
        method,
        headers: { authorization: `Bearer ${tenant.keys.admin}` },
        body: bytes,
      });
      const { status } = await ask(path, { request });
      expect([method, path, status < 500]).toEqual([method, path, true]);
    }
  });
});
