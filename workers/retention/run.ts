import { archivePipeline } from './archive.ts';
import type { RetentionPorts } from './ports.ts';
import { ArchiveUnfit } from './write.ts';

/** What one run may take, over all tenants: a Worker sends 1,000 requests and computes 30 s. The next run goes on. */
export const PER_RUN = { pipelines: 20, events: 20_000 };

export interface RetentionRun {
  looked_at: number;
  removed: number;
  failed: number;
}

/**
 * LEDG-5: moves what is older than its tenant keeps it into the archive. `tenants` come in the order in which they get their turn; one
 * that fails stops no other.
 */
export async function archiveOld(
  tenants: readonly string[],
  portsOf: (tenant: string) => RetentionPorts,
  limit = PER_RUN,
): Promise<RetentionRun> {
  const run: RetentionRun = { looked_at: 0, removed: 0, failed: 0 };
  let { pipelines, events } = limit;
  for (const tenant of tenants) {
    if (pipelines <= 0 || events <= 0) break;
    const ports = portsOf(tenant);
    const due = await ports.control.dueForArchive(pipelines).catch((error: unknown) => {
      ports.log('warn', 'a tenant does not say what is to be archived', { tenant, error });
      return { before: 0, pipelines: [] };
    });
    for (const one of due.pipelines) {
      if (events <= 0) break;
      pipelines -= 1;
      run.looked_at += 1;
      try {
        const done = await archivePipeline(ports, one, due.before);
        events -= done.events;
        if (done.status === 'removed') run.removed += 1;
      } catch (error) {
        run.failed += 1;
        const { pipeline_id } = one;
        // What does not verify does so for a reason that somebody has to look for; the rest comes again by itself.
        const level = error instanceof ArchiveUnfit ? 'error' : 'warn';
        ports.log(level, 'a pipeline could not be archived; it stays where it is', {
          tenant,
          pipeline_id,
          error,
        });
      }
    }
  }
  return run;
}
