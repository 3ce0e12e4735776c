import * as z from 'zod';
import { AskedAction, AskRequest, MAX_ACTION_BYTES, OutcomeRequest, WaitQuery } from '#contract/agents.ts';
import { Pipeline } from '#contract/pipeline.ts';
import { pipelineIdOf } from '#domain/ids.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { pipelineStub } from '#objects/shared/stubs.ts';
import { askAction, awaitAction } from '../asking.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { idempotencyKey } from '../idempotency.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { recordedResult, recordedText } from '../recorded.ts';
import { must, pipelineOf } from '../scope.ts';

/** An id inside a pipeline names its pipeline; anything else is not found. */
function pipelineNamedBy(action_id: string): string {
  const pipelineId = pipelineIdOf(action_id);
  if (pipelineId === null) throw problemOf({ code: 'not_found', what: `action ${action_id}` });
  return pipelineId;
}

type Reporting = Asked<unknown, z.output<typeof OutcomeRequest>>;

/** GOV-7: the agent says how its own act ended. */
async function report({ env, agent, body }: Reporting, action_id: string): Promise<AskedAction> {
  if (agent === null) throw new Error('only agents report');
  if (pipelineIdOf(action_id) !== agent.pipeline_id)
    throw problemOf({ code: 'not_found', what: `action ${action_id}` });
  const { text, sha256, truncated } = recordedResult(body.result);
  const action = must(
    await pipelineStub(env.PIPELINE, agent.tenant, agent.pipeline_id).reportOutcome(
      agent.tenant,
      agent.agent_id,
      action_id,
      {
        status: body.status,
        result: text,
        result_sha256: sha256,
        truncated,
        error: recordedText(body.error ?? body.reason),
      },
    ),
  );
  const taken = action.status === body.status || body.status === 'unknown';
  if (!taken)
    throw new ProblemError(
      'outcome_conflict',
      `It counts as ${action.status} already; what you say is on record, and a person decides what became of it.`,
    );
  return action;
}

/** REC-6: a person, or a probe, found out. */
async function resolve(asked: Reporting, action_id: string): Promise<Pipeline> {
  const stub = await pipelineOf(asked, pipelineNamedBy(action_id));
  must(await stub.lookAtAction(asked.caller.tenant, null, action_id));
  const { status, reason, result, error } = asked.body;
  const refuse = (field: string, detail: string) => new ProblemError('validation_failed', detail, { field });
  if (status === 'unknown') throw refuse('status', 'It is unknown already; say succeeded or failed.');
  if (reason === undefined) throw refuse('reason', 'Say how you know.');
  if (result !== undefined || error !== undefined)
    throw refuse(result === undefined ? 'error' : 'result', 'Only the agent that acted reports this.');
  const command = { kind: 'resolve_action', action_id, status, reason } as const;
  return must(await stub.operate(asked.caller.tenant, actorOf(asked.caller), command)).pipeline;
}

export const actions = [
  endpoint('POST /api/actions', {
    summary: 'Ask the gate for one action, with an agent’s session token (GOV-7)',
    body: AskRequest,
    bodyLimit: MAX_ACTION_BYTES,
    answers: { 200: AskedAction },
    problems: ['idempotency_conflict', 'wrong_state', 'rate_limited', 'error_budget_spent'],
    async handle(asked) {
      const { env, config, agent, body, request } = asked;
      if (agent === null) throw new Error('only agents ask');
      const key = idempotencyKey(request);
      const { action, replayed } = await askAction({ env, config, agent }, body, key);
      return json(200, action, replayed ? { 'Idempotency-Replayed': 'true' } : {});
    },
  }),
  endpoint('GET /api/actions/{action_id}', {
    summary: 'What became of an action that an outside agent asked for',
    query: WaitQuery,
    answers: { 200: AskedAction },
    problems: ['not_found', 'error_budget_spent'],
    async handle(asked) {
      const { env, config, agent, params, query } = asked;
      const { action_id = '' } = params;
      const pipelineId = pipelineNamedBy(action_id);
      if (agent !== null) {
        if (pipelineId !== agent.pipeline_id)
          throw problemOf({ code: 'not_found', what: `action ${action_id}` });
        return json(200, await awaitAction({ env, config, agent }, action_id, query.wait_s ?? 0));
      }
      const stub = await pipelineOf(asked, pipelineId);
      return json(200, must(await stub.lookAtAction(asked.caller.tenant, null, action_id)).action);
    },
  }),
  endpoint('POST /api/actions/{action_id}/outcome', {
    summary: 'Say how an action ended: its agent (GOV-7), or an operator when its outcome is unknown (REC-6)',
    body: OutcomeRequest,
    bodyLimit: MAX_ACTION_BYTES,
    answers: { 200: z.union([AskedAction, Pipeline]) },
    problems: ['not_found', 'outcome_conflict'],
    async handle(asked) {
      const { action_id = '' } = asked.params;
      return json(
        200,
        asked.agent === null ? await resolve(asked, action_id) : await report(asked, action_id),
      );
    },
  }),
];
