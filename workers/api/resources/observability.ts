import * as z from 'zod';
import { Cursor, GivenId, GivenTime, Limit, PipelineId, page, Sha256, Time } from '#contract/primitives.ts';
import { OfPipeline } from '#contract/requests.ts';
import { queryErrors } from '#workers/ledger/index.ts';
import { endpoint, json } from '../endpoint.ts';
import { handoffHash, handoffMarkdown, handoffOf } from '../handoff.ts';
import { ProblemError } from '../problem.ts';
import { fromLedger, must, pipelineOf } from '../scope.ts';

const ErrorGroup = z
  .object({
    fingerprint: z.string(),
    code: z.string(),
    message: z.string(),
    source: z.string(),
    count: z.int(),
    rate_per_minute: z.number(),
    first_seen: Time,
    last_seen: Time,
    pipeline_ids: z.array(z.string()),
    trace_id: z.string().nullable(),
  })
  .meta({ id: 'ErrorGroup' });

const ErrorsQuery = z.strictObject({
  pipeline_id: GivenId.optional(),
  since: GivenTime.optional(),
  until: GivenTime.optional(),
  limit: Limit.optional(),
  cursor: Cursor.optional(),
});

const Handoff = z
  .object({
    pipeline_id: PipelineId,
    at_seq: z.int(),
    sealed: z.boolean(),
    sha256: Sha256.describe('Of the canonical JSON of `report`'),
    markdown: z.string(),
    report: z.object({
      objective: z.string(),
      summary: z.string(),
      proposals: z.array(z.unknown()),
      failure_reasons: z.array(z.string()),
      budgets_left: z.record(z.string(), z.int()),
      actions_open: z.array(z.unknown()),
      lineage: z.unknown(),
      next_steps: z.array(z.string()),
    }),
  })
  .meta({ id: 'Handoff' });

export const observability = [
  endpoint('GET /api/observability/errors', {
    summary: 'Errors, grouped, with rates (OBS-4)',
    query: ErrorsQuery,
    answers: { 200: page(ErrorGroup) },
    problems: ['not_found', 'ledger_unavailable'],
    async handle(asked) {
      const { caller, query, env } = asked;
      if (query.pipeline_id !== undefined)
        must(await (await pipelineOf(asked, query.pipeline_id)).read(caller.tenant));
      else if (caller.project_ids !== null)
        throw new ProblemError(
          'forbidden',
          'A key for some projects may only ask for one pipeline’s errors.',
          {
            field: 'pipeline_id',
            remedy: 'Name a pipeline in `pipeline_id`.',
          },
        );
      return json(200, await fromLedger(asked, () => queryErrors(env.LEDGER, caller.tenant, query)));
    },
  }),
  endpoint('POST /api/observability/handoff', {
    summary: 'What somebody needs who takes over from a pipeline, as Markdown and JSON (OBS-4)',
    body: OfPipeline,
    answers: { 200: Handoff },
    problems: ['not_found', 'pipeline_halted'],
    async handle(asked) {
      const { pipeline_id } = asked.body;
      const { tenant } = asked.caller;
      const stub = await pipelineOf(asked, pipeline_id);
      const board = must(await stub.orchestration(tenant, null));
      const report = handoffOf(board, must(await stub.consensus(tenant)));
      const { seq, sealed, state } = board.pipeline;
      return json(200, {
        pipeline_id,
        at_seq: seq,
        sealed,
        sha256: handoffHash(report),
        markdown: handoffMarkdown(pipeline_id, state, seq, report),
        report,
      });
    },
  }),
];
