import * as z from 'zod';
import { LiftErrorBudgetRequest, QuotaReport, SetQuotasRequest } from '#contract/quotas.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import type { ControlRpc } from '#objects/tenant/rpc.ts';
import { ledgerBytes } from '#workers/ledger/index.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { PLATFORM_ACTOR } from '../platform.ts';
import { ProblemError } from '../problem.ts';
import { controlOf, must } from '../scope.ts';

/** Memory, artifacts and bugs lie in the ledger's database, whose outage must not hide the other quotas (LEDG-1). */
async function reportOf({ env, log }: Asked, tenant: string, control: ControlRpc): Promise<Response> {
  const { quotas, allowed = quotas, usage } = must(await control.quotas());
  const { plan_bytes, pipeline_bytes, archived_bytes, ...rest } = usage;
  const kept = await ledgerBytes(env.LEDGER, tenant).catch((error: unknown) => {
    log('warn', 'the ledger could not be read', { error });
    return { memory: null, artifacts: null, bugs: null };
  });
  const storage = { plans: plan_bytes, pipelines: pipeline_bytes, archives: archived_bytes, ...kept };
  const storage_bytes = Object.values(storage).reduce(
    (sum, bytes) => (sum === null || bytes === null ? null : sum + bytes),
    0 as number | null,
  );
  return json(200, { allowed, quotas, usage: { ...rest, storage_bytes, storage } });
}

const tenantOf = (asked: Asked) => asked.params.tenant ?? '';

export const quotas = [
  endpoint('GET /api/quotas', {
    summary: 'What the tenant may use, and what of it is in use (TEN-1)',
    query: z.strictObject({}),
    answers: { 200: QuotaReport },
    handle: (asked) => reportOf(asked, asked.caller.tenant, controlOf(asked)),
  }),
  endpoint('PUT /api/quotas', {
    summary: 'Go below what the platform allows the tenant; above it nothing changes (TEN-1)',
    body: SetQuotasRequest,
    answers: { 200: QuotaReport },
    async handle(asked) {
      const control = controlOf(asked);
      must(await control.setQuotas(actorOf(asked.caller), 'tenant', asked.body));
      return reportOf(asked, asked.caller.tenant, control);
    },
  }),
  endpoint('POST /api/error-budget/lift', {
    summary: 'Take the tenant’s spent error budget on: what was counted so far counts no more (ENF-5, TEN-5)',
    body: LiftErrorBudgetRequest,
    answers: { 200: QuotaReport },
    problems: ['person_needed'],
    async handle(asked) {
      if (asked.caller.subject_kind !== 'person')
        throw new ProblemError('person_needed', 'Only a person lifts a spent error budget.');
      const control = controlOf(asked);
      must(await control.liftErrorBudget(actorOf(asked.caller), asked.body.reason));
      return reportOf(asked, asked.caller.tenant, control);
    },
  }),
  endpoint('GET /api/tenants/{tenant}/quotas', {
    summary: 'A tenant’s quotas and usage, for the platform',
    query: z.strictObject({}),
    answers: { 200: QuotaReport },
    problems: ['not_found'],
    handle: (asked) => reportOf(asked, tenantOf(asked), controlStub(asked.env.CONTROL, tenantOf(asked))),
  }),
  endpoint('PUT /api/tenants/{tenant}/quotas', {
    summary: 'Set what a tenant may use',
    body: SetQuotasRequest,
    answers: { 200: QuotaReport },
    problems: ['not_found'],
    async handle(asked) {
      const control = controlStub(asked.env.CONTROL, tenantOf(asked));
      must(await control.setQuotas(PLATFORM_ACTOR, 'platform', asked.body));
      return reportOf(asked, tenantOf(asked), control);
    },
  }),
];
