import * as z from 'zod';
import { ConsensusView, Pipeline } from '#contract/pipeline.ts';
import { FallbackRequest, OfPipeline } from '#contract/requests.ts';
import type { Tier } from '#domain/governance/tier.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { FALLBACKS } from '#domain/pipeline/states.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { endpoint, json } from '../endpoint.ts';
import { must, pipelineOf } from '../scope.ts';
import { grantedTier } from '../tier.ts';

const EVENTS_PER_READ = 1_000;

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
        const orchestration = must(await stub.orchestration(tenant, null));
        const events: PipelineEvent[] = [];
        for (let more = true; more; ) {
          const page = must(await stub.events(tenant, events.at(-1)?.seq ?? 0, EVENTS_PER_READ));
          events.push(...page);
          more = page.length === EVENTS_PER_READ;
        }
        return json(
          200,
          {
            pipeline_id,
            orchestration,
            consensus: must(await stub.consensus(tenant)),
            log: orchestration.log,
            events,
          },
          { 'content-disposition': `attachment; filename="${pipeline_id}.json"` },
        );
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
