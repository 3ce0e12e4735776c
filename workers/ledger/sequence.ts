import type { Pipeline } from '#contract/pipeline.ts';
import type { ChainHead } from '#domain/ledger/chain.ts';
import { CONTROL_CHAIN } from '#domain/ledger/log/leaf.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import type { ChainReport, LogRpc } from '#objects/tenant/log/rpc.ts';
import type { IntegrityAlarmRow } from './schema.ts';

/** `pipeline` null: it is the tenant's own log, whose id the ledger has under `pipeline_id`. */
export interface KnownHead {
  tenant: string;
  pipeline_id: string;
  pipeline: Pipeline | null;
  head: ChainHead;
}

interface Ports {
  tree(tenant: string): Pick<LogRpc, 'submit'>;
  log(level: 'warn', message: string, fields: Record<string, unknown>): void;
}

/** What has ended or waits writes nothing more for now: its head may not wait for the next one. Nor may administration's, which is rare. */
export const reportOf = ({ pipeline, head }: Pick<KnownHead, 'pipeline' | 'head'>): ChainReport => ({
  chain: pipeline?.pipeline_id ?? CONTROL_CHAIN,
  number: pipeline?.number ?? 0,
  seq: head.seq,
  hash: head.hash,
  settled: pipeline === null || isEnded(pipeline.state) || pipeline.waiting_for !== null,
});

/** LEDG-2: one call for all of a tenant's heads. Answers with what contradicts the log, and with the tenants whose log did not answer. */
export async function sequenceHeads(
  heads: readonly KnownHead[],
  ports: Ports,
): Promise<{ conflicts: Omit<IntegrityAlarmRow, 'at'>[]; failed: Set<string> }> {
  const conflicts: Omit<IntegrityAlarmRow, 'at'>[] = [];
  const failed = new Set<string>();
  await Promise.all(
    [...Map.groupBy(heads, (h) => h.tenant)].map(async ([tenant, list]) => {
      const reports = list.map(reportOf);
      try {
        const done = await ports.tree(tenant).submit(tenant, reports);
        for (const [i, { status, known_hash }] of done.entries()) {
          const known = list[i];
          if (status !== 'conflict' || !known) continue;
          const { pipeline_id, head } = known;
          const place = { tenant, pipeline_id, seq: head.seq };
          conflicts.push({ ...place, ledger_hash: known_hash ?? 'missing', object_hash: head.hash });
        }
      } catch (error) {
        failed.add(tenant);
        ports.log('warn', 'a tenant’s log could not be reached; its heads come again', {
          tenant,
          error: String(error),
        });
      }
    }),
  );
  return { conflicts, failed };
}
