import { RenewalMessage } from '#contract/queue.ts';
import type { Renewals } from '#domain/pipeline/renewal.ts';
import type { PipelineRpc } from '#objects/pipeline/rpc.ts';
import { type CredentialError, type Credentials, TOKEN_TTL_S } from '#workers/credentials/index.ts';

export interface RenewalDeps {
  /** A fresh stub each time: a broken one stays broken (rule 9). */
  pipeline(tenant: string, pipelineId: string): Pick<PipelineRpc, 'renewalsDue' | 'recordRenewals'>;
  credentials: Pick<Credentials, 'extend'>;
  /** Unix milliseconds. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  log(level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>): void;
}

/** What of a queue's batch is used here. */
export interface RenewalBatch {
  messages: readonly {
    body: unknown;
    attempts: number;
    ack(): void;
    retry(options?: { delaySeconds?: number }): void;
  }[];
}

/** Pipelines side by side; each has about four tokens, and a Worker keeps six connections open. */
const SIDE_BY_SIDE = 4;
/** Vault rounds leases down to seconds, and the answer takes a moment. */
const CAPPED_BELOW_S = TOKEN_TTL_S - 60;
const RETRY_S = 20;
/** CRED-3: a renewal that fails this often is an alarm: in the pipeline's log, its token status, and ours. */
const ALARM_AT = 3;

/** Vault does not answer anybody: the rest of the message would only wait for the same. */
const SILENT: readonly CredentialError['kind'][] = ['unavailable', 'slow', 'sealed', 'standby', 'throttled'];

async function renewPipeline(
  deps: RenewalDeps,
  tenant: string,
  id: string,
  alarm: boolean,
): Promise<CredentialError | null> {
  const due = await deps.pipeline(tenant, id).renewalsDue(tenant);
  if (due.length === 0) return null;
  const began = deps.now();
  const outcomes = await Promise.all(
    due.map(async ({ accessor }) => ({
      accessor,
      answer: await deps.credentials.extend({ accessor, increment_s: TOKEN_TTL_S }),
    })),
  );
  const news: Renewals = { renewed: [], failed: [] };
  let error: CredentialError | null = null;
  for (const { accessor, answer } of outcomes) {
    if (answer.ok) {
      const { lease_s } = answer.value;
      const expires_at = new Date(began + lease_s * 1_000).toISOString();
      news.renewed.push({ accessor, expires_at, capped: lease_s < CAPPED_BELOW_S });
      continue;
    }
    const { kind, message } = answer.error;
    const dead = kind === 'token_dead';
    if (!dead) error = answer.error;
    if (dead || alarm) news.failed.push({ accessor, code: `credentials_${kind}`, message, dead });
  }
  if (news.renewed.length + news.failed.length > 0)
    await deps.pipeline(tenant, id).recordRenewals(tenant, news);
  if (error && alarm)
    deps.log('error', 'tokens cannot be renewed', { tenant, pipeline_id: id, error: error.kind });
  return error;
}

/** Answers whether everything that was due is renewed. */
async function renewAll(deps: RenewalDeps, { tenant, pipeline_ids }: RenewalMessage, alarm: boolean) {
  const waiting = [...pipeline_ids];
  let complete = true;
  const lane = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        const error = await renewPipeline(deps, tenant, id, alarm);
        if (!error) continue;
        complete = false;
        // An alarm is for every pipeline that it concerns; before, one silent answer speaks for all.
        if (SILENT.includes(error.kind) && !alarm) waiting.length = 0;
      } catch (thrown) {
        complete = false;
        const error = thrown instanceof Error ? thrown.name : typeof thrown;
        deps.log('warn', 'a pipeline could not be asked about its tokens', {
          tenant,
          pipeline_id: id,
          error,
        });
      }
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
  return complete;
}

/**
 * CRED-3: renews what the pipelines say is due, by accessor alone. A message may come twice, late or beside another: what was renewed
 * is not due again. Never throws; what fails is retried, and what is given up here the cron or the pipeline asks for again.
 */
export async function handleRenewals(batch: RenewalBatch, deps: RenewalDeps): Promise<void> {
  for (const message of batch.messages) {
    const asked = RenewalMessage.safeParse(message.body);
    if (!asked.success) {
      deps.log('error', 'a renewal message is malformed', {});
      message.ack();
      continue;
    }
    const complete = await renewAll(deps, asked.data, message.attempts >= ALARM_AT);
    if (complete) message.ack();
    else message.retry({ delaySeconds: Math.ceil(RETRY_S * (1 + deps.random())) });
  }
}
