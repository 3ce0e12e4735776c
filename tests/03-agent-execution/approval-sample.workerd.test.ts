import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { ApprovalView, Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { DrivenPipeline } from '#tests/support/driven-pipeline.ts';
import { KIND, Queues } from '#tests/support/faults/queues.ts';
import { over, type WholeWorker, wholeWorker } from '#tests/support/whole-worker.ts';
import { answer, env, migrateLedger } from '#tests/support/worker.ts';
import samples from '#workers/api/samples.generated.json';

let whole: WholeWorker;
let approver: string;
beforeAll(async () => {
  await migrateLedger();
  whole = await wholeWorker('acme');
  const owner = await whole.tenant.newSubject('person');
  approver = (await whole.tenant.newKey({ role: 'operator', owner })).secret;
}, 60_000);
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const kept = async (id: string) =>
  (
    await env.LEDGER.prepare('SELECT name, content FROM artifacts WHERE pipeline_id = ?')
      .bind(id)
      .all<{ name: string; content: string }>()
  ).results;

it('RUN-7 GOV-5 PIPE-5: the sample of an approval decides, waits for another person, and does what was approved', async () => {
  const sample = samples.find(({ name }) => name === 'approval');
  const { operator } = whole.tenant.keys;
  const made = await answer<Pipeline>('/api/spawn', {
    key: operator,
    body: { plan: { source: sample?.source, files: sample?.files } },
    env: whole.env,
  });
  expect(made.status).toBe(201);
  const pipeline = new DrivenPipeline('acme', made.body.pipeline_id);
  const queues = new Queues(whole.env, KIND, 1);
  await queues.run([pipeline], async () => (await pipeline.state()).waiting_for === 'approval');
  expect(await kept(pipeline.id)).toEqual([]);

  const { body } = await answer<{ items: ApprovalView[] }>('/api/approvals?status=pending', {
    key: approver,
  });
  const [approval] = body.items;
  expect(approval).toMatchObject({
    pipeline_id: pipeline.id,
    tool: 'artifact_write',
    target: 'artifact://change-note.md',
    policies: ['named_tool_needs_approval'],
  });
  const decide = (key: string) =>
    answer<Problem>(`/api/approvals/${approval?.approval_id}/decision`, {
      key,
      body: { decision: 'approve', reason: 'As the rules say.', action_sha256: approval?.action_sha256 },
    });
  expect(await decide(operator)).toMatchObject({ status: 403, body: { code: 'self_approval' } });
  expect((await decide(approver)).status).toBe(200);

  await queues.run([pipeline], over([pipeline]));
  expect((await pipeline.state()).outcome).toMatchObject({ state: 'COMPLETED', exit_code: 0 });
  const [note, ...more] = await kept(pipeline.id);
  expect(more).toEqual([]);
  expect(note).toMatchObject({ name: 'change-note.md' });
  expect(note?.content).toContain('# Apply tfplan.json: nothing above low was found');
}, 120_000);
