import * as z from 'zod';
import {
  BacktestRequest,
  BacktestResult,
  PoliciesInForce,
  PolicyCheckRequest,
  PolicyCheckResult,
  PolicyReport,
  PolicyReportQuery,
  PolicyVersion,
  PolicyVersionPage,
  PolicyVersionText,
  ProjectMode,
  ProjectModeRequest,
  PublishPolicyRequest,
} from '#contract/policies.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { pipelineStub } from '#objects/shared/stubs.ts';
import { queryRecordedActions } from '#workers/ledger/index.ts';
import { BUILTIN, LIMITS_TEXT, PERMITS_TEXT, replayUnder, SCHEMA_TEXT } from '#workers/policy/index.ts';
import { gateOf } from '#workers/steps/index.ts';
import { type Asked, all, endpoint, json } from '../endpoint.ts';
import { made, repeatOf } from '../idempotency.ts';
import { checkPolicies, draftOf, ownPolicies } from '../policies.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { controlOf, fromLedger, inScope, must, pipelineOf } from '../scope.ts';

/** Bytes: a text of 64 KiB with every character escaped. */
const BODY = 512 * 1024;
/** Recorded actions that one question looks at, unless it asks for fewer. */
const EXAMINED = 1_000;

/** Live pipelines hear at once that something above has changed; those that cannot be told know within a permit's 5 s (ENF-6). */
async function tellPipelines(asked: Asked): Promise<void> {
  const { env, caller } = asked;
  const ids = await controlOf(asked).livePipelines();
  await Promise.allSettled(
    ids.map((id) => pipelineStub(env.PIPELINE, caller.tenant, id).recallPermit(caller.tenant)),
  );
}

function versionNamed(text: string | undefined): number {
  const version = Number(text);
  if (/^\d{1,9}$/.test(text ?? '')) return version;
  throw problemOf({ code: 'not_found', what: `version ${text} of the policies` });
}

export const policies = [
  endpoint('GET /api/policies', {
    summary: 'Published versions of the tenant’s own policies, newest first (GOV-4)',
    query: z.strictObject({}),
    answers: { 200: PolicyVersionPage },
    handle: async (asked) => json(200, all(await controlOf(asked).listPolicies())),
  }),
  endpoint('GET /api/policies/current', {
    summary: 'What judges now: the built-in policies with their schema, and the tenant’s own',
    query: z.strictObject({}),
    answers: { 200: PoliciesInForce },
    async handle(asked) {
      const control = controlOf(asked);
      const [found, own, projects] = await Promise.all([
        control.readPolicies(null),
        ownPolicies(asked),
        control.projectModes(),
      ]);
      const { version, sha256 } = gateOf(asked.env, asked.config).versionOf(own);
      return json(200, {
        policy_version: version,
        sha256,
        built_in: { version: BUILTIN, limits: LIMITS_TEXT, permits: PERMITS_TEXT, schema: SCHEMA_TEXT },
        own: found.ok ? found.value : null,
        projects: projects.filter((p) => inScope(asked.caller, p.project_id)),
      });
    },
  }),
  endpoint('GET /api/policies/report', {
    summary: 'What projects that observe let happen, and what enforcing would have said (GOV-10)',
    query: PolicyReportQuery,
    answers: { 200: PolicyReport },
    problems: ['ledger_unavailable'],
    async handle(asked) {
      const { project_id, since, limit = EXAMINED } = asked.query;
      const { tenant, project_ids } = asked.caller;
      const { items, more } = await fromLedger(asked, () =>
        queryRecordedActions(asked.env.LEDGER, tenant, { since, project_id, project_ids, limit }),
      );
      return json(200, {
        examined: items.length,
        truncated: more,
        items: items.flatMap(({ request, decision, ...place }) => {
          const { observed } = decision;
          if (!observed) return [];
          const { action_id, tool, target } = request;
          const { decision: would_be, ...why } = observed;
          return [
            { ...place, action_id, tool, target, would_be, ...why, policy_version: decision.policy_version },
          ];
        }),
      });
    },
  }),
  endpoint('GET /api/policies/{version}', {
    summary: 'One published version with its text',
    query: z.strictObject({}),
    answers: { 200: PolicyVersionText },
    problems: ['not_found'],
    handle: async (asked) =>
      json(200, must(await controlOf(asked).readPolicies(versionNamed(asked.params.version)))),
  }),
  endpoint('POST /api/policies/check', {
    summary: 'Checks a text without publishing it: findings with line and column',
    body: PolicyCheckRequest,
    bodyLimit: BODY,
    answers: { 200: PolicyCheckResult },
    handle(asked) {
      const { policies, ...checked } = checkPolicies(asked.body.cedar);
      return json(200, {
        ...checked,
        policies: policies.map(({ id, effect, asks, severity, labels }) => ({
          id,
          effect,
          decision: effect === 'permit' ? 'allow' : asks ? 'require_approval' : 'deny',
          severity,
          labels,
        })),
      });
    },
  }),
  endpoint('POST /api/policies', {
    summary: 'Publishes the next version; it is in force for new judgements at once, everywhere within 5 s',
    body: PublishPolicyRequest,
    bodyLimit: BODY,
    answers: { 201: PolicyVersion },
    problems: ['policy_invalid', 'policy_changed', 'idempotency_conflict'],
    async handle(asked) {
      const { cedar: source, note, expected_version = null } = asked.body;
      const { ok, findings, policies } = checkPolicies(source);
      if (!ok)
        throw new ProblemError('policy_invalid', findings[0]?.message ?? 'The policies have errors.', {
          findings,
        });
      const published = await controlOf(asked).publishPolicies(
        actorOf(asked.caller),
        { source, note, policies: policies.length, expected_version },
        repeatOf(asked),
      );
      if (published.ok) asked.later(tellPipelines(asked));
      return made(published);
    },
  }),
  endpoint('POST /api/policies/backtest', {
    summary: 'Judges recorded actions again under a draft: what would change, either way (GOV-4)',
    body: BacktestRequest,
    bodyLimit: BODY,
    answers: { 200: BacktestResult },
    problems: ['not_found', 'policy_invalid', 'ledger_unavailable'],
    async handle(asked) {
      const { cedar: source, since, pipeline_id, limit = EXAMINED } = asked.body;
      // A pipeline that is not the caller’s is a 404, not an empty list.
      if (pipeline_id !== undefined)
        must(await (await pipelineOf(asked, pipeline_id)).read(asked.caller.tenant));
      const { tenant, project_ids } = asked.caller;
      if (source !== undefined) {
        const { ok, findings } = checkPolicies(source);
        if (!ok)
          throw new ProblemError('policy_invalid', findings[0]?.message ?? 'The policies have errors.', {
            findings,
          });
      }
      const own = source === undefined ? await ownPolicies(asked) : draftOf(source);
      const { items, more } = await fromLedger(asked, () =>
        queryRecordedActions(asked.env.LEDGER, tenant, { since, pipeline_id, project_ids, limit }),
      );
      const gate = gateOf(asked.env, asked.config);
      const replayed = items.map((item) => replayUnder(gate, own, { tenant, ...item }));
      const changes = replayed.flatMap((change) => change ?? []);
      const skipped = replayed.filter((change) => change === undefined).length;
      return json(200, {
        examined: items.length - skipped,
        skipped,
        truncated: more,
        stricter: changes.filter((c) => c.direction === 'stricter').length,
        looser: changes.filter((c) => c.direction === 'looser').length,
        changes,
      });
    },
  }),
  endpoint('POST /api/projects/{project_id}/mode', {
    summary: 'Enforce, or observe: what would be refused is recorded and happens all the same (GOV-10)',
    body: ProjectModeRequest,
    answers: { 200: ProjectMode },
    problems: ['not_found'],
    async handle(asked) {
      const project_id = asked.params.project_id ?? '';
      if (!inScope(asked.caller, project_id))
        throw problemOf({ code: 'not_found', what: `project ${project_id}` });
      const set = must(
        await controlOf(asked).setProjectMode(actorOf(asked.caller), { project_id, ...asked.body }),
      );
      asked.later(tellPipelines(asked));
      return json(200, set);
    },
  }),
];
