import * as z from 'zod';
import { ConsensusView, Pipeline } from '#contract/pipeline.ts';
import { FallbackRequest, OfPipeline } from '#contract/requests.ts';
import type { Tier } from '#domain/governance/tier.ts';
import { FALLBACKS } from '#domain/pipeline/states.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { endpoint, json } from '../endpoint.ts';
import { reviewFile } from '../review-file.ts';
import { must, pipelineOf } from '../scope.ts';
import { grantedTier } from '../tier.ts';

export const consensus = [
  endpoint('GET /api/pipeline/consensus/status', {
    summary: 'Where consensus stands, and which fallbacks fit (CONS-4, REC-1)',
    query: OfPipeline,
    answers: { 200: ConsensusView },
    problems: ['not_found'],
    async handle(asked) {
      const stub = await pipelineOf(asked, asked.query.pipeline_id);
      return json(200, must(await stub.consensus(asked.caller.tenant)));
    },
  }),
  endpoint('POST /api/pipeline/consensus/fallback', {
    summary: 'What to do when consensus failed; `download_log` gives the whole context as a file (REC-1)',
    body: FallbackRequest,
    answers: {
      200: z.unknown(),
      202: z.object({ pipeline: Pipeline, action: z.enum(FALLBACKS), approval_id: z.string().optional() }),
    },
    problems: ['not_found', 'wrong_state', 'confirmation_required', 'person_needed', 'tier_not_permitted'],
    async handle(asked) {
      const { pipeline_id, action } = asked.body;
      const { tenant } = asked.caller;
      const stub = await pipelineOf(asked, pipeline_id);
      if (action === 'download_log') {
        const { reason } = asked.body;
        const asks = {
          kind: 'fallback',
          action,
          reason,
          proposal_id: null,
          revision: null,
          confirm: false,
        } as const;
        must(await stub.operate(tenant, actorOf(asked.caller), asks));
        return new Response(await reviewFile(asked, stub, pipeline_id), {
          headers: {
            'content-type': 'application/json',
            'content-disposition': `attachment; filename="${pipeline_id}.json"`,
            'cache-control': 'no-store',
          },
        });
      }
      const { reason, proposal_id = null, revision = null, confirm = false } = asked.body;
      const actor = actorOf(asked.caller);
      if (action === 'escalate_tier') {
        const { tier } = must(await stub.read(tenant));
        grantedTier(asked.caller.role, Math.min(tier + 1, 2) as Tier);
      }
      const command = { kind: 'fallback', action, reason, proposal_id, revision, confirm } as const;
      const { pipeline } = must(await stub.operate(tenant, actor, command));
      const pending =
        pipeline.waiting_for === 'approval'
          ? must(await stub.orchestration(tenant, null)).approvals.find((a) => a.status === 'pending')
          : undefined;
      return json(202, { pipeline, action, ...(pending ? { approval_id: pending.approval_id } : {}) });
    },
  }),
];
