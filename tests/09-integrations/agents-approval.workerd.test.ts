import { beforeAll, describe, expect, it } from 'vitest';
import type { AskedAction, RegisteredAgent } from '#contract/agents.ts';
import type { ApprovalView } from '#contract/pipeline.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, makeTenant, type TestTenant } from '#tests/support/worker.ts';

listenToQueues();

/** Whatever changes something takes a person, in this tenant. */
const ASK = `@id("writes_need_a_person")
@decision("require_approval")
@reason("{tool} changes something.")
@remedy("Have somebody approve it.")
forbid (principal, action, resource) when { context.tool.acts };`;

let acme: TestTenant;
let second: string;
beforeAll(async () => {
  acme = await makeTenant('acme');
  second = (await acme.newKey({ role: 'admin', owner: await acme.newSubject('person') })).secret;
  const published = await answer('/api/policies', {
    key: acme.keys.admin,
    body: { cedar: ASK, note: 'for the test' },
  });
  expect(published.status).toBe(201);
});

async function asking() {
  const body = { name: 'coder', framework: 'claude-code', tier: 1 };
  const made = await answer<RegisteredAgent>('/api/agents', { key: acme.keys.operator, body });
  const pipeline = new DrivenPipeline('acme', made.body.pipeline_id);
  await pipeline.login();
  await pipeline.bootstrap();
  const key = made.body.session_token;
  const asked = await answer<AskedAction>('/api/actions', {
    key,
    body: { tool: 'Bash', arguments: { command: 'make' }, target: 'localhost' },
  });
  const look = () => answer<AskedAction>(`/api/actions/${asked.body.action_id}`, { key });
  const decide = async (decision: 'approve' | 'deny', by = second) => {
    const { body: list } = await answer<{ items: ApprovalView[] }>(
      `/api/approvals?pipeline_id=${pipeline.id}`,
      { key: acme.keys.viewer },
    );
    const { approval_id, action_sha256 } = list.items[0]!;
    return answer(`/api/approvals/${approval_id}/decision`, {
      key: by,
      body: { decision, reason: 'looked at it', action_sha256 },
    });
  };
  return { pipeline, key, asked, look, decide };
}

describe('an outside agent’s action that takes a person', () => {
  it('GOV-5 GOV-7: parked with the approval’s id; approved by another person, judged again, allowed once', async () => {
    const { pipeline, asked, look, decide } = await asking();
    expect(asked.body).toMatchObject({
      decision: 'require_approval',
      status: 'waiting_approval',
      approval_id: expect.stringMatching(/^ap_/),
      policy: { determining: ['tenant:writes_need_a_person'] },
    });
    // Whoever opened the pipeline asked for it, through the agent.
    expect(await decide('approve', acme.keys.operator)).toMatchObject({ status: 403 });
    expect((await decide('approve')).status).toBe(200);
    expect((await look()).body).toMatchObject({ decision: 'allow', status: 'allowed' });
    const decided = (await pipeline.events()).filter((e) => e.type === 'action_decided');
    expect(decided).toHaveLength(2);
    await look();
    expect((await pipeline.events()).filter((e) => e.type === 'action_decided')).toHaveLength(2);
  });

  it('GOV-5: denied by a person, it is over', async () => {
    const { look, decide } = await asking();
    expect((await decide('deny')).status).toBe(200);
    expect((await look()).body).toMatchObject({ status: 'denied' });
  });

  it('GOV-4: the tenant’s own policies judge outside agents too', async () => {
    const { key } = await asking();
    const read = await answer<AskedAction>('/api/actions', {
      key,
      body: { tool: 'Read', arguments: { file_path: 'a.ts' }, target: 'localhost' },
    });
    expect(read.body).toMatchObject({
      decision: 'allow',
      policy: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });
});
