import * as z from 'zod';
import type { AgentCaller } from '#contract/agents.ts';
import { EventPage, Orchestration, Pipeline, TokenStatusView } from '#contract/pipeline.ts';
import { GivenId, Time } from '#contract/primitives.ts';
import {
  ContinueRequest,
  EndRequest,
  EventsQuery,
  LogRequest,
  OfPipeline,
  OfPipelineAt,
  RevokeRequest,
  RevokeResult,
} from '#contract/requests.ts';
import { actorOf, type OperatorCommand, STREAM_URL } from '#objects/pipeline/rpc.ts';
import { pipelineStub } from '#objects/shared/stubs.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { must, pipelineOf } from '../scope.ts';
import { openStream, requireStream } from '../upgrade.ts';

const DEFAULT_EVENTS = 200;

async function operate(asked: Asked, pipelineId: string, command: OperatorCommand) {
  const stub = await pipelineOf(asked, pipelineId);
  return must(await stub.operate(asked.caller.tenant, actorOf(asked.caller), command));
}

/** GOV-7: the only agent of a pipeline may say that it is done; one of several may not end the others' work. */
async function endByAgent(
  asked: Asked<unknown, z.output<typeof EndRequest>>,
  agent: AgentCaller,
  reason: string,
) {
  const { tenant, pipeline_id, agent_id } = agent;
  if (asked.body.pipeline_id !== pipeline_id)
    throw problemOf({ code: 'not_found', what: `pipeline ${asked.body.pipeline_id}` });
  const stub = pipelineStub(asked.env.PIPELINE, tenant, pipeline_id);
  const { agents } = must(await stub.orchestration(tenant, null));
  if (agents.some((other) => other.agent_id !== agent_id && other.phase !== 'REVOKED'))
    throw new ProblemError('forbidden', 'Other agents are registered in this pipeline.', {
      remedy: 'Have its operator end it: POST /api/pipeline/end with a key.',
    });
  return must(await stub.operate(tenant, `agent:${agent_id}`, { kind: 'end', reason })).pipeline;
}

/** A browser's EventSource repeats the last id that it saw, instead of a changed address. */
const lastEventId = ({ request }: Asked): number => {
  const id = request.headers.get('last-event-id') ?? '0';
  return /^\d{1,12}$/.test(id) ? Number(id) : 0;
};

const reading = [
  endpoint('GET /api/pipeline', {
    summary: 'One pipeline',
    query: OfPipeline,
    answers: { 200: Pipeline },
    problems: ['not_found'],
    async handle(asked) {
      const stub = await pipelineOf(asked, asked.query.pipeline_id);
      return json(200, must(await stub.read(asked.caller.tenant)));
    },
  }),
  endpoint('GET /api/pipeline/orchestration', {
    summary: 'Agents and blackboard, now or as they were after an event (PIPE-7)',
    query: OfPipelineAt,
    answers: { 200: Orchestration },
    problems: ['not_found', 'archived'],
    async handle(asked) {
      const stub = await pipelineOf(asked, asked.query.pipeline_id);
      return json(200, must(await stub.orchestration(asked.caller.tenant, asked.query.at ?? null)));
    },
  }),
  endpoint('GET /api/pipeline/events', {
    summary: 'The event log, in order',
    query: EventsQuery,
    answers: { 200: EventPage },
    problems: ['not_found', 'archived'],
    async handle(asked) {
      const { pipeline_id, since = 0, limit = DEFAULT_EVENTS } = asked.query;
      const stub = await pipelineOf(asked, pipeline_id);
      const items = must(await stub.events(asked.caller.tenant, since, limit));
      const last = items.at(-1);
      return json(200, { items, next_cursor: items.length === limit && last ? String(last.seq) : null });
    },
  }),
  endpoint('GET /api/pipeline/token', {
    summary: 'The life of the pipeline’s tokens; never a token (CRED-5)',
    query: OfPipeline,
    answers: { 200: TokenStatusView },
    problems: ['not_found', 'archived'],
    async handle(asked) {
      const stub = await pipelineOf(asked, asked.query.pipeline_id);
      return json(200, must(await stub.tokenStatus(asked.caller.tenant)));
    },
  }),
  endpoint('GET /api/pipeline/stream', {
    summary: 'WebSocket or server-sent events: events from `since` on, first the past, then live (API-3)',
    stream: true,
    query: OfPipeline.extend({ since: z.coerce.number().int().min(0).optional() }),
    answers: { 101: null },
    problems: ['not_found', 'upgrade_required', 'archived'],
    async handle(asked) {
      requireStream(asked.request);
      const { pipeline_id, since = lastEventId(asked) } = asked.query;
      const { tenant } = asked.caller;
      const stub = await pipelineOf(asked, pipeline_id);
      // An unknown pipeline is a 404, not a socket that says nothing; so is one that has nothing to stream any more (LEDG-5).
      must(await stub.events(tenant, 0, 1));
      const url = new URL(STREAM_URL);
      url.searchParams.set('tenant', tenant);
      url.searchParams.set('since', String(since));
      return openStream(asked.request, (request) => stub.fetch(request), url);
    },
  }),
];

const operating = [
  endpoint('POST /api/pipeline/continue', {
    summary: 'Go on from REPORT (PIPE-4)',
    body: ContinueRequest,
    answers: { 202: Pipeline },
    problems: ['not_found', 'wrong_state', 'pipeline_ended'],
    async handle(asked) {
      const { pipeline_id, reason } = asked.body;
      const done = await operate(asked, pipeline_id, { kind: 'continue', reason: reason ?? null });
      return json(202, done.pipeline);
    },
  }),
  endpoint('POST /api/pipeline/cancel', {
    summary: 'End a live pipeline; its tokens are revoked',
    body: EndRequest,
    answers: { 202: Pipeline },
    problems: ['not_found', 'wrong_state', 'pipeline_ended'],
    async handle(asked) {
      const { pipeline_id, reason } = asked.body;
      return json(202, (await operate(asked, pipeline_id, { kind: 'cancel', reason })).pipeline);
    },
  }),
  endpoint('POST /api/pipeline/end', {
    summary: 'End an external pipeline well: COMPLETED, exit code 0; its tokens are revoked (GOV-7)',
    body: EndRequest,
    answers: { 202: Pipeline },
    problems: ['not_found', 'wrong_state', 'pipeline_ended', 'forbidden'],
    async handle(asked) {
      const { pipeline_id, reason } = asked.body;
      if (asked.agent !== null) return json(202, await endByAgent(asked, asked.agent, reason));
      return json(202, (await operate(asked, pipeline_id, { kind: 'end', reason })).pipeline);
    },
  }),
  endpoint('POST /api/pipeline/revoke', {
    summary: 'Revoke one agent’s token, or the whole pipeline’s, which ends it (CRED-5)',
    body: RevokeRequest,
    answers: { 202: RevokeResult },
    problems: ['not_found', 'wrong_state', 'pipeline_ended'],
    async handle(asked) {
      const { pipeline_id, agent_id = null, reason } = asked.body;
      const { at, seq } = await operate(asked, pipeline_id, { kind: 'revoke', agent_id, reason });
      const scope = agent_id === null ? 'pipeline' : 'agent';
      return json(202, { pipeline_id, scope, status: 'revoking', gate_closed_at: at, seq });
    },
  }),
  endpoint('POST /api/pipeline/log', {
    summary: 'Add a line to the pipeline’s log (REC-5)',
    body: LogRequest,
    answers: { 201: z.object({ log_id: z.string(), seq: z.int(), at: Time }) },
    problems: ['not_found', 'pipeline_ended'],
    async handle(asked) {
      const { pipeline_id, fields = {}, ...line } = asked.body;
      const { tenant } = asked.caller;
      const { seq, at } = await operate(asked, pipeline_id, { kind: 'log', fields, ...line });
      const stub = await pipelineOf(asked, pipeline_id);
      const written = must(await stub.events(tenant, seq - 1, 1))[0];
      const log_id = written?.type === 'log_written' ? written.body.log_id : '';
      return json(201, { log_id, seq, at });
    },
  }),
  endpoint('POST /api/pipeline/redrive', {
    summary: 'Put a step that the queue gave up on back to work (PIPE-8)',
    body: z.strictObject({ pipeline_id: GivenId, step_id: z.string().max(80) }),
    answers: { 202: Pipeline },
    problems: ['not_found', 'wrong_state', 'pipeline_ended'],
    async handle(asked) {
      const { pipeline_id, step_id } = asked.body;
      return json(202, (await operate(asked, pipeline_id, { kind: 'redrive', step_id })).pipeline);
    },
  }),
];

export const pipeline = [...reading, ...operating];
