import type { RenewalMessage } from '#contract/queue.ts';

/** Some hundred tokens: a few seconds of a consumer's time, and little to repeat when one fails. */
const GROUP = 25;
/** Messages per `sendBatch`, the platform's most. */
const BATCH = 100;

export interface FanOutDeps {
  tenants(): Promise<readonly string[]>;
  livePipelines(tenant: string): Promise<readonly string[]>;
  send(messages: readonly RenewalMessage[]): Promise<void>;
  log(level: 'warn' | 'error', event: string, fields: Record<string, unknown>): void;
}

const groupsOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));

/** CRED-3: every live pipeline of every tenant, in groups; each pipeline says itself what is due. A tenant that fails does not stop the others. */
export async function fanOutRenewals(deps: FanOutDeps): Promise<void> {
  for (const tenant of await deps.tenants()) {
    try {
      const groups = groupsOf(await deps.livePipelines(tenant), GROUP);
      const messages = groups.map((pipeline_ids) => ({ tenant, pipeline_ids }));
      for (const batch of groupsOf(messages, BATCH)) await deps.send(batch);
    } catch (error) {
      deps.log('error', 'a tenant’s tokens could not be sent for renewal', {
        tenant,
        error: error instanceof Error ? error.name : typeof error,
      });
    }
  }
}
