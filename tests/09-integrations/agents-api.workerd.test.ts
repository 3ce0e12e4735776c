import { beforeAll, describe, expect, it } from 'vitest';
import type { AskedAction, RegisteredAgent } from '#contract/agents.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, makeTenant, spawnBody, type TestTenant } from '#tests/support/worker.ts';

listenToQueues();

let acme: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  acme = await makeTenant('acme');
  other = await makeTenant('other-co');
});

const register = (body: object = {}, key = acme.keys.operator) =>
  answer<RegisteredAgent & Problem>('/api/agents', {
    key,
    body: { name: 'coder', framework: 'claude-code', tier: 1, ...body },
  });

/** An answer or a problem; tests say which they expect. */
type Told = Omit<AskedAction, 'status' | 'reason'> & Omit<Problem, 'status'> & { status: string | number };

interface Agent {
  token: string;
  agent_id: string;
  pipeline: DrivenPipeline;
  ask(body?: object, idempotencyKey?: string): Promise<{ status: number; body: Told; headers: Headers }>;
  tell(action_id: string, body: object): Promise<{ status: number; body: Told }>;
}

/** An agent whose own Vault token is there. */
async function agent(body: object = {}): Promise<Agent> {
  const made = await register(body);
  expect(made.status).toBe(201);
  const { session_token: token, agent_id, pipeline_id } = made.body;
  const pipeline = new DrivenPipeline('acme', pipeline_id);
  if ((await pipeline.ready('credentials_login')).length > 0) await pipeline.login();
  await pipeline.bootstrap();
  return {
    token,
    agent_id,
    pipeline,
    ask: (asked = {}, idempotencyKey) =>
      answer('/api/actions', {
        key: token,
        body: { tool: 'Bash', arguments: { command: 'ls' }, target: 'localhost', ...asked },
        headers: idempotencyKey ? { 'Idempotency-Key': idempotencyKey } : {},
      }),
    tell: (action_id, outcome) => answer(`/api/actions/${action_id}/outcome`, { key: token, body: outcome }),
  };
}

describe('registering', () => {
  it('GOV-7: a project opens an external pipeline; the session token is shown once, and kept as a hash', async () => {
    const { status, body } = await register({ project_id: acme.project_id });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      tier: 1,
      session_token: expect.stringMatching(/^agt_acme_[a-z0-9]+_[a-z0-9]{32}$/),
    });
    expect(body.tools.map((t) => t.name)).toContain('http_get');
    const pipeline = new DrivenPipeline('acme', body.pipeline_id);
    const log = JSON.stringify(await pipeline.events());
    expect(log).not.toContain(body.session_token);
    expect(log).not.toContain(body.session_token.split('_').at(-1));
    const read = await answer<Pipeline>(`/api/pipeline?pipeline_id=${body.pipeline_id}`, {
      key: acme.keys.viewer,
    });
    expect(read.body).toMatchObject({
      mode: 'external',
      project_id: acme.project_id,
      tier: 1,
      providers: [],
    });
  });

  it('API-2 GOV-7: the same Idempotency-Key again is the same agent, pipeline and session; with another body it is refused', async () => {
    const again = (body: object, key = acme.keys.operator, idempotencyKey = 'agent-1') =>
      answer<RegisteredAgent & Problem>('/api/agents', {
        key,
        body: { name: 'coder', framework: 'claude-code', tier: 1, ...body },
        headers: { 'Idempotency-Key': idempotencyKey },
      });
    const first = await again({});
    const second = await again({});
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const { pipeline_id } = first.body;
    const agents = async () => Object.keys((await new DrivenPipeline('acme', pipeline_id).state()).agents);
    expect(await agents()).toEqual([first.body.agent_id]);
    expect(await again({ tier: 0 })).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    // Into a pipeline that stands; and the same key of somebody else is another request.
    const joined = await again({ pipeline_id }, acme.keys.operator, 'agent-2');
    expect((await again({ pipeline_id }, acme.keys.operator, 'agent-2')).body).toEqual(joined.body);
    expect(joined.body.agent_id).not.toBe(first.body.agent_id);
    const person = await acme.newKey({ role: 'operator', owner: await acme.newSubject('person') });
    const others = await again({ pipeline_id }, person.secret, 'agent-2');
    expect(others.body.session_token).not.toBe(joined.body.session_token);
    expect(await agents()).toHaveLength(3);
  });

  it('GOV-7 PROM-3: the tier is bound by the caller and by the pipeline', async () => {
    expect(await register({ tier: 2 })).toMatchObject({ status: 403, body: { code: 'tier_not_permitted' } });
    expect((await register({ tier: 0 }, acme.keys.viewer)).status).toBe(403);
    const { body } = await register({ tier: 0 });
    const second = await register({ pipeline_id: body.pipeline_id, tier: 1 });
    expect(second).toMatchObject({ status: 403, body: { code: 'tier_not_permitted' } });
    expect((await register({ pipeline_id: body.pipeline_id, tier: 0 })).status).toBe(201);
  });

  it('GOV-7 TEN-1: neither a run of ours nor another tenant’s pipeline takes an agent', async () => {
    const run = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body: spawnBody() });
    expect(await register({ pipeline_id: run.body.pipeline_id })).toMatchObject({
      status: 409,
      body: { code: 'wrong_state' },
    });
    const { body } = await register();
    expect((await register({ pipeline_id: body.pipeline_id }, other.keys.admin)).status).toBe(404);
  });

  it('GOV-7: a spawned plan can be external too: its objective, limits and tier hold', async () => {
    const body = { ...spawnBody({ tier: 0 }), mode: 'external' };
    const made = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body });
    expect(made).toMatchObject({
      status: 201,
      body: { mode: 'external', tier: 0, objective: 'Is this fine?' },
    });
  });
});

describe('an agent’s own tools', () => {
  const person = { decision: 'require_approval', status: 'waiting_approval' };

  it('GOV-1: of one that the registration does not name a person approves each call; declared, it is let through', async () => {
    const tools = [
      { name: 'restart_service', irreversible: false },
      { name: 'read_metrics', acts: false },
    ];
    const { ask, pipeline } = await agent({ tools });
    const target = 'sandbox-x';
    expect((await ask({ tool: 'delete_database', target })).body).toMatchObject({
      ...person,
      approval_id: expect.stringMatching(/^ap_/),
      policy: { determining: ['irreversible_needs_approval'] },
      remedy: expect.stringContaining('ags approve'),
    });
    expect((await ask({ tool: 'restart_service', target })).body).toMatchObject({ status: 'allowed' });
    expect((await ask({ tool: 'read_metrics', target: 'anywhere' })).body.status).toBe('allowed');
    const [registered] = (await pipeline.events()).filter((e) => e.type === 'agent_registered');
    expect(registered?.body).toMatchObject({
      tools: [{ name: 'restart_service' }, { name: 'read_metrics' }],
    });
  });

  it('GOV-1: the call itself can only tighten: by its command, or by the agent’s own word', async () => {
    const { ask } = await agent({ tools: [{ name: 'run', irreversible: false }] });
    const destroying = { arguments: { command: 'terraform destroy' } };
    expect((await ask(destroying)).body).toMatchObject(person);
    expect((await ask({ tool: 'run', ...destroying })).body).toMatchObject(person);
    expect((await ask({ tool: 'run' })).body.status).toBe('allowed');
    expect((await ask({ tool: 'run', irreversible: true })).body).toMatchObject(person);
    expect((await ask({ irreversible: false })).body).toMatchObject({ code: 'validation_failed' });
    expect(
      (await ask({ tool: 'memory_search', arguments: { query: 'x' }, irreversible: true })).body,
    ).toMatchObject({ code: 'validation_failed', field: 'irreversible' });
  });

  it('API-2 GOV-1: the answer says what was declared; what cannot be declared is refused by name', async () => {
    const done = await register({ tools: [{ name: 'sweep' }] });
    expect(done.body.declared).toEqual([
      { name: 'sweep', min_tier: 1, effect: 'once', acts: true, external: true, irreversible: true },
    ]);
    expect((await register({ tools: [{ name: 'http_get' }] })).body).toMatchObject({
      code: 'validation_failed',
      field: 'tools[0].name',
    });
    expect((await register({ tools: [{ name: 'x', acts: false, irreversible: true }] })).status).toBe(422);
    expect((await register({ tools: [{ name: 'x', labels: [] }] })).status).toBe(422);
  });
});

describe('asking', () => {
  it('ENF-4: a hundred questions within a minute are answered, the next is a 429 that says when there is room again', async () => {
    const { ask, pipeline } = await agent();
    const read = { tool: 'Read', arguments: { file_path: 'a.ts' } };
    for (let n = 0; n < 100; n++) expect((await ask(read)).status).toBe(200);
    const refused = await ask(read);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect((await pipeline.events()).filter((e) => e.type === 'agent_throttled')).toHaveLength(1);
  });

  it('GOV-7: ask, act, report', async () => {
    const { ask, tell, token } = await agent();
    const asked = await ask();
    expect(asked).toMatchObject({
      status: 200,
      body: { decision: 'allow', status: 'allowed', enforcement: 'cooperative', approval_id: null },
    });
    expect(asked.body.policy?.determining.length).toBeGreaterThan(0);
    expect(Date.parse(asked.body.expires_at ?? '')).toBeGreaterThan(Date.now());
    const { action_id } = asked.body;
    const told = await tell(action_id, { status: 'succeeded', result: { files: 3 } });
    expect(told).toMatchObject({ status: 200, body: { status: 'succeeded', result: { files: 3 } } });
    expect(await tell(action_id, { status: 'failed', error: 'no' })).toMatchObject({
      status: 409,
      body: { code: 'outcome_conflict' },
    });
    const read = await answer<AskedAction>(`/api/actions/${action_id}`, { key: token });
    expect(read.body).toMatchObject({ action_id, status: 'succeeded' });
    const seen = await answer<AskedAction>(`/api/actions/${action_id}`, { key: acme.keys.viewer });
    expect(seen.body).toEqual(read.body);
  });

  it('GOV-1 GOV-7: what it may not touch is refused, with the rule and what would be needed', async () => {
    const { ask, pipeline } = await agent();
    const elsewhere = await ask({ target: 'build-server' });
    expect(elsewhere.body).toMatchObject({
      decision: 'deny',
      status: 'denied',
      policy: { determining: ['target_not_allowed'] },
      remedy: expect.stringContaining('sandbox-*'),
    });
    // Whatever target it names: the command speaks of production.
    const hidden = await ask({ arguments: { command: 'psql -h prod-shop-1 -c "drop table t"' } });
    expect(hidden.body.policy?.determining).toContain('forbidden_target:prod-*');
    expect((await pipeline.state()).violations).toMatchObject([
      { severity: 'high', agent_id: expect.any(String) },
    ]);
    // What is only written about is not touched.
    const text = await ask({
      tool: 'Write',
      arguments: { file_path: 'a.md', content: 'never touch prod-shop-1' },
    });
    expect(text.body.decision).toBe('allow');
  });

  it('GOV-1: an observer reads, and what is not known to read counts as a write', async () => {
    const { ask } = await agent({ tier: 0 });
    expect((await ask({ tool: 'Read', arguments: { file_path: 'a.ts' } })).body.decision).toBe('allow');
    expect((await ask({ tool: 'frobnicate' })).body.policy?.determining).toContain('tier_too_low');
  });

  it('GOV-1 ENF-3: a forbidden action ends the pipeline, and the session with it', async () => {
    const { ask, pipeline } = await agent();
    expect((await ask({ tool: 'delete_production' })).body.decision).toBe('deny');
    expect((await pipeline.state()).outcome).toMatchObject({ reason: 'critical_violation', exit_code: 1 });
    expect(await ask()).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it('GOV-8: a built-in tool runs here, as a step with our credential', async () => {
    const { ask, pipeline, tell } = await agent();
    const asked = await ask({ tool: 'memory_search', arguments: { query: 'x' }, target: 'memory' });
    expect(asked.body).toMatchObject({ decision: 'allow', status: 'allowed', enforcement: 'enforced' });
    const { step_id } = await pipeline.step('action');
    expect((await tell(asked.body.action_id, { status: 'succeeded' })).status).toBe(409);
    await pipeline.finish(step_id, {
      kind: 'action',
      status: 'succeeded',
      result: '{"results":[]}',
      result_sha256: null,
      truncated: false,
      error: null,
      origin: ['tool:memory_search'],
    });
    const read = await answer<AskedAction>(`/api/actions/${asked.body.action_id}`, { key: acme.keys.viewer });
    expect(read.body).toMatchObject({ status: 'succeeded', result: { results: [] } });
  });

  it('GOV-8: an Idempotency-Key names one action; another body under it is a conflict', async () => {
    const { ask, pipeline } = await agent();
    const first = await ask({}, 'call-1');
    const again = await ask({}, 'call-1');
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await ask({ target: 'sandbox-a' }, 'call-1')).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
    expect(Object.keys((await pipeline.state()).actions)).toHaveLength(1);
  });

  it('GOV-8 SEC-3: arguments and results are on record by hash, and without their secrets', async () => {
    const { ask, tell, pipeline } = await agent();
    const secret = 'AKIAABCDEFGHIJKLMNOP';
    const asked = await ask({
      arguments: { command: `aws configure set key ${secret}`, note: 'n'.repeat(9_000) },
    });
    await tell(asked.body.action_id, { status: 'succeeded', result: `used ${secret}` });
    const log = JSON.stringify(await pipeline.events());
    expect(log).not.toContain(secret);
    expect(log).toContain('[redacted]');
    const { request } = Object.values((await pipeline.state()).actions)[0]!;
    expect(request.outside?.arguments_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(request.arguments).length).toBeLessThan(5_000);
    // What we run ourselves is run with what is on record, so a secret in it is refused instead.
    const builtin = await ask({ tool: 'memory_search', arguments: { query: secret }, target: '' });
    expect(builtin).toMatchObject({ status: 422, body: { field: 'arguments' } });
  });

  it('GOV-2: without a live token of its own the agent is told no', async () => {
    const { ask, pipeline, agent_id } = await agent();
    await answer('/api/pipeline/revoke', {
      key: acme.keys.operator,
      body: { pipeline_id: pipeline.id, agent_id, reason: 'enough' },
    });
    expect((await ask()).status).toBe(401);
  });

  it('GOV-7 TEN-1: a session opens its own actions and nothing else', async () => {
    const one = await agent();
    const two = await agent();
    const { action_id } = (await one.ask()).body;
    expect((await answer(`/api/actions/${action_id}`, { key: two.token })).status).toBe(404);
    expect((await two.tell(action_id, { status: 'succeeded' })).status).toBe(404);
    expect((await answer(`/api/actions/${action_id}`, { key: other.keys.admin })).status).toBe(404);
    expect((await answer('/api/pipelines', { key: one.token })).status).toBe(403);
    expect((await answer('/api/actions', { key: acme.keys.admin, body: {} })).status).toBe(403);
    const forged = one.token.replace(/_acme_/, '_other-co_');
    expect((await answer('/api/actions', { key: forged, body: {} })).status).toBe(401);
    const mistyped = one.token.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    expect((await answer('/api/actions', { key: mistyped, body: {} })).status).toBe(401);
  });
});

describe('ending', () => {
  it('GOV-7: by its caller: COMPLETED, 0; what was never told counts as unknown; the session is over', async () => {
    const { ask, pipeline } = await agent();
    const { action_id } = (await ask()).body;
    const ended = await answer<Pipeline>('/api/pipeline/end', {
      key: acme.keys.operator,
      body: { pipeline_id: pipeline.id, reason: 'done' },
    });
    expect(ended).toMatchObject({ status: 202, body: { state: 'COMPLETED', exit_code: 0 } });
    expect((await ask()).status).toBe(401);
    const read = await answer<AskedAction>(`/api/actions/${action_id}`, { key: acme.keys.viewer });
    expect(read.body.status).toBe('unknown');
    await pipeline.revokeAll();
    expect((await pipeline.state()).sealed).toBe(true);
  });

  it('GOV-7: by its only agent; not by one of several, and no other pipeline', async () => {
    const one = await agent();
    const body = { pipeline_id: one.pipeline.id, reason: 'done' };
    const two = await register({ pipeline_id: one.pipeline.id });
    expect((await answer('/api/pipeline/end', { key: one.token, body })).status).toBe(403);
    const elsewhere = await agent();
    expect((await answer('/api/pipeline/end', { key: elsewhere.token, body })).status).toBe(404);
    const revoke = { pipeline_id: one.pipeline.id, agent_id: two.body.agent_id, reason: 'gone' };
    await answer('/api/pipeline/revoke', { key: acme.keys.operator, body: revoke });
    const ended = await answer<Pipeline>('/api/pipeline/end', { key: one.token, body });
    expect(ended).toMatchObject({ status: 202, body: { state: 'COMPLETED', exit_code: 0 } });
  });
});
