import type { Pipeline } from '#contract/pipeline.ts';
import type { DomainError } from '#domain/errors.ts';
import { controlLogId } from '#domain/ids.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { ok, type Result } from '#domain/result.ts';
import { controlStub, type ObjectNamespace, pipelineStub } from '#objects/shared/stubs.ts';

import type { ReconcileDeps } from './reconcile.ts';

/** A chained log that the ledger is a copy of: a pipeline's, or a tenant's own. */
export interface LogSource {
  events(tenant: string, since: number, limit: number): Promise<Result<PipelineEvent[], DomainError>>;
  /** null: it is no pipeline. */
  read(tenant: string): Promise<Result<Pipeline | null, DomainError>>;
  shipped(tenant: string, seq: number): Promise<void>;
}

/** Where the truth about an id lies. A tenant's changes have the shape of events; their types and bodies are their own. */
export const logSources =
  (env: { PIPELINE: ObjectNamespace; CONTROL: ObjectNamespace }) =>
  (tenant: string, id: string): LogSource => {
    if (id !== controlLogId(tenant)) return pipelineStub(env.PIPELINE, tenant, id);
    const control = controlStub(env.CONTROL, tenant);
    return {
      events: async (_, since, limit) => ok((await control.changes(since, limit)) as PipelineEvent[]),
      read: async () => ok(null),
      // The control object hints once per change, and the reconciler finds what was missed.
      shipped: async () => {},
    };
  };

/** What the reconciler works on in a deployment. */
export const reconcileDeps = (
  env: { LEDGER: D1Database; PIPELINE: ObjectNamespace; CONTROL: ObjectNamespace },
  log: ReconcileDeps['log'],
): ReconcileDeps => ({
  db: env.LEDGER,
  pipeline: logSources(env),
  pipelinesAfter: (tenant, number, limit) => controlStub(env.CONTROL, tenant).pipelinesAfter(number, limit),
  log,
  now: () => new Date().toISOString(),
});
