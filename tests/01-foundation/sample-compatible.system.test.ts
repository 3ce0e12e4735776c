import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readPlan } from '#cli/plan/read.ts';
import { followPipeline } from '#cli/watch/follow.ts';
import type { Client, Orchestration, PipelineEvent } from '#client/index.ts';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import { checkEvidence } from '#scripts/start/evidence.ts';
import { hasRedisServer, startRedisServer, tcpTarget } from '#tests/support/contract-redis-server.ts';
import { type ModelServer, type Reply, startModelServer } from '#tests/support/model-server.ts';
import { startSystem, type TestSystem } from '#tests/support/system.ts';
import { review } from './sample-reviewers.ts';

/** Nobody else's; long enough to be found wherever it should not be. */
const KEY = 'sk-of-the-endpoint-4f6b0c9e';
const MODEL = 'reviewer-large';
const withRedis = hasRedisServer();

let model: ModelServer;
let redis: Awaited<ReturnType<typeof startRedisServer>> | undefined;
let system: TestSystem;
let ags: Client;
let end: Orchestration;
let events: PipelineEvent[];
/** What lay in the Redis of the test at each request to the model: key to value and seconds left. */
const stored = new Map<string, { value: unknown; ttl_s: unknown }>();
const answered: { schema: object; reply: Reply }[] = [];

const command = (...words: string[]) => tcpTarget(redis?.url ?? '').command(words);
const keysOf = async (pattern: string) => (await command('KEYS', pattern)) as string[];

async function lookIntoRedis(): Promise<void> {
  for (const key of await keysOf('*'))
    stored.set(key, { value: await command('GET', key), ttl_s: await command('TTL', key) });
}

beforeAll(async () => {
  [model, redis] = await Promise.all([
    startModelServer(),
    withRedis ? startRedisServer('password-of-the-store') : undefined,
  ]);
  model.decide(async (body) => {
    if (redis) await lookIntoRedis();
    const reply = review(body);
    answered.push({ schema: body.response_format?.json_schema.schema ?? {}, reply });
    return reply;
  });
  system = await startSystem({
    env: {
      MODEL_BASE_URL: model.url,
      MODEL_NAME: MODEL,
      MODEL_API_KEY: KEY,
      ...(redis && { REDIS_URL: redis.url }),
    },
  });
  ags = system.client();
  const plan = readPlan('plans/encrypt-checkout-db', { cwd: process.cwd(), allowOutside: false });
  if (plan.kind !== 'file') throw new Error('the sample is a file');
  const { pipeline_id } = await ags.spawn({ plan: plan.plan });
  end = await followPipeline(ags, pipeline_id);
  events = await Array.fromAsync(ags.allEvents(pipeline_id));
});
afterAll(async () => {
  await system?.stop();
  await redis?.stop();
  await model?.close();
});

const bodies = <T>(type: string): T[] => events.filter((e) => e.type === type).map((e) => e.body as T);

describe('the sample through an OpenAI-compatible endpoint, from `npm start` on', () => {
  it('RUN-3 RUN-7: it ends in the passed verdict, after a disagreement and a revision, with citations of plan and runbook', async () => {
    expect(end.pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0, reason: 'consensus_reached' });
    expect(end.pipeline.verdict).toMatch(/do not apply; split in three/i);
    expect(bodies<{ vote: string }>('vote_cast').map(({ vote }) => vote)).toEqual(['reject', 'approve']);
    const [first, revised] = bodies<{ revision: number; citations: { source: string; locator: string }[] }>(
      'proposal_written',
    );
    expect(revised?.revision).toBe(2);
    // What the tool found and the endpoint was told, not what was written down here.
    expect(first?.citations.length).toBeGreaterThan(3);
    expect(first?.citations.every(({ locator }) => locator.startsWith('/resource_changes/'))).toBe(true);
    expect(revised?.citations.some(({ source }) => source === 'runbook.md')).toBe(true);
    await expect(checkEvidence(ags, end.pipeline.pipeline_id, true)).resolves.toMatchObject({ ok: true });
  });

  it('RUN-7 GOV-6: a model that does what the ticket says gets nowhere: the fetch is refused', () => {
    expect(end.actions.find(({ tool }) => tool === 'terraform_inspect')).toMatchObject({
      status: 'succeeded',
    });
    expect(end.actions.find(({ tool }) => tool === 'http_get')).toMatchObject({
      decision: 'deny',
      status: 'denied',
    });
  });

  it('AGENT-3: each request asks for a JSON schema in strict form, and each answer was true to it and taken as it was', () => {
    expect(model.requests.length).toBeGreaterThanOrEqual(6);
    for (const { path, body } of model.requests) {
      expect(path).toBe('/v1/chat/completions');
      expect(body).toMatchObject({
        model: MODEL,
        stream: true,
        response_format: { type: 'json_schema', json_schema: { strict: true, schema: { type: 'object' } } },
      });
      expect(body).not.toHaveProperty('embedded');
    }
    const asked = model.requests.map(({ body }) => body.response_format?.json_schema.name);
    expect(new Set(asked)).toEqual(new Set(['planner_report', 'research_turn', 'synthesis_turn']));
    for (const { schema, reply } of answered)
      if (reply.kind === 'json') z.fromJSONSchema(schema as never).parse(reply.value);
    expect(bodies('step_failed')).toEqual([]);
    // One request per turn's leg, none repeated or repaired.
    const turns = bodies<{ usage: Usage | null }>('step_completed').filter(({ usage }) => usage !== null);
    expect(turns).toHaveLength(model.requests.length);
  });

  it('AGENT-2 SEC-3: each request carries the key that lies in Vault, and the Worker is given it in no other way', async () => {
    expect(new Set(model.requests.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer ${KEY}`]),
    );
    const { vault_root_token } = JSON.parse(readFileSync(join(system.stateDir, 'secrets.json'), 'utf8'));
    const response = await fetch(
      `${system.embeddedUrl}/vault/v1/secret/data/tenants/local/models/compatible`,
      { headers: { 'X-Vault-Token': vault_root_token } },
    );
    expect(await response.json()).toMatchObject({ data: { data: { api_key: KEY } } });
    expect(readFileSync(join(system.stateDir, 'local.env'), 'utf8')).not.toContain(KEY);
    expect(JSON.stringify([events, end])).not.toContain(KEY);
  });

  it('AGENT-6 RUN-3: usage is on record under the provider that answered', () => {
    const usages = bodies<{ usage: Usage | null }>('step_completed').flatMap(({ usage }) => usage ?? []);
    for (const usage of usages)
      expect(usage).toMatchObject({ provider: 'compatible', model: MODEL, tokens_in: 100, tokens_out: 20 });
    expect(end.pipeline.providers).toEqual(['compatible']);
    expect(end.pipeline.usage).toMatchObject({
      tokens_in: 100 * model.requests.length,
      tokens_out: 20 * model.requests.length,
    });
  });
});

describe.skipIf(!withRedis)(
  `the same start with REDIS_URL${withRedis ? '' : ' (left out: install redis-server to run it)'}`,
  () => {
    const pipelineKey = () => `pipeline:${end.pipeline.pipeline_id}:vault_token`;

    it('RUN-3 CRED-2: the tokens lay in that Redis while it ran, sealed and with an end', () => {
      const agents = end.agents.map(
        ({ agent_id }) => `pipeline:${end.pipeline.pipeline_id}:agent:${agent_id}:vault_token`,
      );
      expect(agents.length).toBeGreaterThanOrEqual(3);
      expect([...stored.keys()].sort()).toEqual([pipelineKey(), ...agents].sort());
      for (const { value, ttl_s } of stored.values()) {
        expect(value).toMatch(/^s1\.[\w-]+\.[\w-]+\.[\w-]+$/);
        expect(value).not.toContain('hvs.');
        expect(ttl_s).toBeGreaterThan(0);
      }
    });

    it('RUN-3 CRED-4: none is left in it after the run', async () => {
      await checkEvidence(ags, end.pipeline.pipeline_id, true);
      expect(await keysOf('*')).toEqual([]);
      // It is that Redis, and it still answers.
      expect(await command('PING')).toBe('PONG');
    });
  },
);
