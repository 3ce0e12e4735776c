import { ApprovalPage, type ApprovalView, Lineage, Pipeline } from '#contract/pipeline.ts';
import {
  ApprovalDecisionRequest,
  ApprovalsQuery,
  EndRequest,
  ForkRequest,
  OfPipeline,
} from '#contract/requests.ts';
import { leastTier } from '#domain/governance/tier.ts';
import { pipelineIdOf } from '#domain/ids.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { actorOf, type OperatorCommand } from '#objects/pipeline/rpc.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { lineageOf } from '../lineage.ts';
import { problemOf } from '../problem.ts';
import { feedOf, must, pipelineOf } from '../scope.ts';
import { startPipeline } from '../start.ts';
import { grantedTier } from '../tier.ts';

/** Live pipelines that are asked for their approvals at most. */
const WAITING_PIPELINES = 200;

async function operate(asked: Asked, pipelineId: string, command: OperatorCommand) {
  const stub = await pipelineOf(asked, pipelineId);
  return must(await stub.operate(asked.caller.tenant, actorOf(asked.caller), command));
}

/** Pause, resume and abort differ in a word. */
const ofKind = (kind: 'pause' | 'resume' | 'abort', summary: string) =>
  endpoint(`POST /api/pipeline/${kind}`, {
    summary,
    body: EndRequest,
    answers: { 202: Pipeline },
    problems: ['not_found', 'wrong_state', 'pipeline_ended'],
    async handle(asked) {
      const { pipeline_id, reason } = asked.body;
      return json(202, (await operate(asked, pipeline_id, { kind, reason })).pipeline);
    },
  });

const readWhole = async (asked: Asked, pipelineId: string) =>
  (await pipelineOf(asked, pipelineId)).orchestration(asked.caller.tenant, null);

/** One pipeline that cannot be read does not hide what the others wait for. */
async function approvalsOf(asked: Asked, pipelineIds: string[]): Promise<ApprovalView[]> {
  const read = await Promise.all(pipelineIds.map((id) => readWhole(asked, id)));
  return read.flatMap((shown) => (shown.ok ? shown.value.approvals : []));
}

/** An id inside a pipeline names its pipeline; anything else is not found. */
function pipelineNamedBy(id: string, what: string): string {
  const pipelineId = pipelineIdOf(id);
  if (pipelineId === null) throw problemOf({ code: 'not_found', what: `${what} ${id}` });
  return pipelineId;
}

export const recovery = [
  ofKind('pause', 'Let steps in flight finish, then hold (PIPE-10)'),
  ofKind('resume', 'Go on after a pause (PIPE-10)'),
  ofKind('abort', 'End the run early: its handoff is sealed and a successor goes on (REC-2)'),

  endpoint('POST /api/pipeline/fork', {
    summary: 'A new pipeline from any event of this one; authority is asked for anew (PIPE-7, PIPE-9)',
    body: ForkRequest,
    answers: { 201: Pipeline },
    problems: [
      'not_found',
      'tier_not_permitted',
      'agent_suspended',
      'idempotency_conflict',
      'quota_exceeded',
      'killed',
      'error_budget_spent',
    ],
    async handle(asked) {
      const { caller, body } = asked;
      const source = await pipelineOf(asked, body.pipeline_id);
      const { plan, project_id, mode, seed } = must(await source.forkSource(caller.tenant, body.at));
      const tier = leastTier(plan.tier, grantedTier(caller.role, body.tier));
      return startPipeline(asked, {
        plan,
        project_id,
        mode,
        tier,
        auto_continue: true,
        fork: seed,
        request_sha256: hashJson({ fork: body }),
      });
    },
  }),

  endpoint('GET /api/pipeline/lineage', {
    summary: 'All attempts that this pipeline belongs to, and how they ended (REC-4)',
    query: OfPipeline,
    answers: { 200: Lineage },
    problems: ['not_found'],
    async handle(asked) {
      return json(200, await lineageOf(asked, asked.query.pipeline_id));
    },
  }),

  endpoint('GET /api/approvals', {
    summary: 'What waits for a person’s decision; with pipeline_id also what was decided (GOV-5)',
    query: ApprovalsQuery,
    answers: { 200: ApprovalPage },
    problems: ['not_found'],
    async handle(asked) {
      const { status, pipeline_id } = asked.query;
      const waiting = async () => {
        const { project_ids } = asked.caller;
        const live = await feedOf(asked).list({
          project_ids,
          limit: WAITING_PIPELINES,
          cursor: null,
          ended: false,
        });
        return live.items.filter((p) => p.waiting_for === 'approval').map((p) => p.pipeline_id);
      };
      const found = pipeline_id
        ? must(await readWhole(asked, pipeline_id)).approvals
        : await approvalsOf(asked, await waiting());
      return json(200, { items: found.filter((a) => !status || a.status === status), next_cursor: null });
    },
  }),

  endpoint('POST /api/approvals/{approval_id}/decision', {
    summary: 'Approve or deny what somebody else asked for; persons only (GOV-5)',
    body: ApprovalDecisionRequest,
    answers: { 200: Pipeline },
    problems: [
      'not_found',
      'self_approval',
      'person_needed',
      'already_decided',
      'action_changed',
      'approval_expired',
      'pipeline_halted',
    ],
    async handle(asked) {
      const { approval_id = '' } = asked.params;
      const { decision, reason, action_sha256: sha256 } = asked.body;
      const pipelineId = pipelineNamedBy(approval_id, 'approval');
      const done = await operate(asked, pipelineId, {
        kind: 'decide_approval',
        approval_id,
        decision,
        reason,
        sha256,
      });
      return json(200, done.pipeline);
    },
  }),
];
