import type { PolicyInForce } from '#domain/ledger/evidence/package.ts';
import type { PolicyReference } from '#domain/ledger/evidence/read.ts';
import type { PipelineRpc } from '#objects/pipeline/rpc.ts';
import { controlStub, logStub, pipelineStub } from '#objects/shared/stubs.ts';
import type { LogRpc } from '#objects/tenant/log/rpc.ts';
import type { ControlRpc } from '#objects/tenant/rpc.ts';
import type { Config, Env } from '#workers/config.ts';
import type { LedgerKeys } from '#workers/ledger/index.ts';
import type { Log } from '#workers/telemetry/index.ts';
import { policiesInForce } from './policies.ts';

/** What archiving works on, for one tenant. */
export interface RetentionPorts {
  tenant: string;
  bucket: R2Bucket;
  db: D1Database;
  control: Pick<
    ControlRpc,
    | 'dueForArchive'
    | 'recordArchive'
    | 'archiveRemoved'
    | 'archiveOf'
    | 'archiveRewritten'
    | 'pendingErasures'
    | 'erasureDone'
  >;
  pipeline(
    id: string,
  ): Pick<PipelineRpc, 'read' | 'events' | 'documents' | 'beginArchive' | 'removeArchived' | 'erase'>;
  tree: Pick<LogRpc, 'submit' | 'inclusion'>;
  ledger: LedgerKeys;
  policies(versions: PolicyReference[]): Promise<PolicyInForce[]>;
  log: Log;
  /** RFC 3339, UTC, milliseconds. */
  now(): string;
}

export function retentionPorts(env: Env, config: Config, tenant: string, log: Log): RetentionPorts {
  const control = controlStub(env.CONTROL, tenant);
  return {
    ...{ tenant, control, log },
    bucket: env.ARCHIVES,
    db: env.LEDGER,
    pipeline: (id) => pipelineStub(env.PIPELINE, tenant, id),
    tree: logStub(env.LOG, tenant),
    ledger: config.ledger,
    policies: policiesInForce(env, config, control),
    now: () => new Date().toISOString(),
  };
}
