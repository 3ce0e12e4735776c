import * as z from 'zod';
import { ConsensusView, Pipeline } from '#contract/pipeline.ts';
import { FallbackRequest, OfPipeline } from '#contract/requests.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { FALLBACKS } from '#domain/pipeline/states.ts';
import { endpoint, json } from '../endpoint.ts';
import { ProblemError } from '../problem.ts';
import { must, pipelineOf } from '../scope.ts';

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
    answers: { 200: z.unknown(), 202: z.object({ pipeline: Pipeline, action: z.enum(FALLBACKS) }) },
    problems: ['not_found', 'wrong_state', 'confirmation_required', 'not_implemented_here'],
    async handle(asked) {
      const { pipeline_id, action, confirm } = asked.body;
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
      const { fallbacks } = must(await stub.consensus(tenant));
      const offered = fallbacks.find((f) => f.action === action);
      if (!offered?.allowed) {
        const allowed = fallbacks.filter((f) => f.allowed).map((f) => f.action);
        throw new ProblemError(
          'wrong_state',
          offered?.why_not ?? `${action} does not fit this pipeline now.`,
          {
            allowed,
            field: 'action',
            remedy: allowed.length > 0 ? `Now it could be: ${allowed.join(', ')}.` : 'Spawn a new pipeline.',
          },
        );
      }
      if (action === 'accept_partial' && confirm !== true)
        throw new ProblemError(
          'confirmation_required',
          'Accepting a partial result is a decision: confirm it.',
        );
      throw new ProblemError('not_implemented_here', `The fallback ${action} is not offered yet.`);
    },
  }),
];
