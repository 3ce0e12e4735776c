import { controlStub, directoryStub, pipelineStub } from '#objects/shared/stubs.ts';
import { dueForLook, lookAtServers } from '#workers/api/index.ts';
import { reconcileDeps, reconcileTenant } from '#workers/ledger/index.ts';
import { fanOutRenewals } from '#workers/renewals/index.ts';
import { archiveOld, eraseDue, retentionPorts } from '#workers/retention/index.ts';
import { log } from '#workers/telemetry/index.ts';
import { type Env, parseConfig } from './config.ts';

/** Objects asked at once: a Worker keeps 6 connections open, and a poke is short. */
const CHUNK = 20;
/** A slot whose pipeline does not exist is taken back after this time: its spawn failed halfway (seconds). */
const ABANDONED_S = 600;

async function eachInChunks<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += CHUNK) await Promise.all(items.slice(i, i + CHUNK).map(act));
}

async function pokeTenant(env: Env, tenant: string): Promise<void> {
  const control = controlStub(env.CONTROL, tenant);
  await eachInChunks(await control.pipelinesToPoke(), async ({ pipeline_id, has_slot }) => {
    try {
      const object = pipelineStub(env.PIPELINE, tenant, pipeline_id);
      const { live } = await object.poke(tenant);
      if (live || !has_slot) return;
      // An object that exists gives its slot back itself; poking it just now made it try again.
      const shown = await object.read(tenant);
      // One that is halted (PIPE-7) is there and keeps its slot until a version that knows its events is back.
      if (!shown.ok && shown.error.code === 'not_found') await control.abandon(pipeline_id, ABANDONED_S);
    } catch (error) {
      log('warn', 'a pipeline did not answer the cron', { tenant, pipeline_id, error });
    }
  });
}

/** REC-6: what an evicted or killed object forgot to do, it does now. */
async function pokeLivePipelines(env: Env): Promise<void> {
  const tenants = await directoryStub(env.DIRECTORY).list();
  for (const { tenant } of tenants)
    await pokeTenant(env, tenant).catch((error: unknown) =>
      log('error', 'a tenant’s pipelines could not be poked', { tenant, error }),
    );
}

/** LEDG-1: compares the ledger with the objects that it copies, some logs of each tenant at a time. */
async function reconcileLedger(env: Env): Promise<void> {
  const deps = reconcileDeps(env, log);
  for (const { tenant } of await directoryStub(env.DIRECTORY).list())
    await reconcileTenant(deps, tenant).catch((error: unknown) =>
      log('error', 'a tenant’s ledger could not be reconciled', { tenant, error }),
    );
}

/** Servers of a tenant, and tenants, that are asked in one round; the others are due in the next. */
const LOOKS = { servers: 10, tenants: 20 } as const;

/** GOV-9: what has changed is noticed although nobody calls. */
async function lookAtFrontedServers(env: Env): Promise<void> {
  const looking = { env, config: parseConfig(env), actor: 'system:mcp-look' };
  let left: number = LOOKS.tenants;
  for (const { tenant } of await directoryStub(env.DIRECTORY).list()) {
    try {
      const due = dueForLook(await controlStub(env.CONTROL, tenant).listMcpServers(), Date.now());
      if (due.length === 0) continue;
      if (left-- === 0) return;
      await lookAtServers({ ...looking, tenant }, due.slice(0, LOOKS.servers));
    } catch (error) {
      log('error', 'a tenant’s MCP servers could not be looked at', { tenant, error });
    }
  }
}

/** LEDG-5. Each run begins with the tenant after the one before's first, so that all get their turn. */
async function archiveOldPipelines(env: Env): Promise<void> {
  const tenants = (await directoryStub(env.DIRECTORY).list()).map(({ tenant }) => tenant);
  const first = Math.floor(Date.now() / 60_000) % Math.max(1, tenants.length);
  const config = parseConfig(env);
  const inTurn = [...tenants.slice(first), ...tenants.slice(0, first)];
  const run = await archiveOld(inTurn, (tenant) => retentionPorts(env, config, tenant, log));
  if (run.removed > 0) log('info', 'archived pipelines were removed', { ...run });
}

/** LEDG-2: erasures that a crash or a lagging copy has left unfinished. */
async function finishErasures(env: Env): Promise<void> {
  const config = parseConfig(env);
  const tenants = (await directoryStub(env.DIRECTORY).list()).map(({ tenant }) => tenant);
  await eraseDue(tenants, (tenant) => retentionPorts(env, config, tenant, log));
}

/** CRED-3. */
const renewLiveTokens = (env: Env): Promise<void> =>
  fanOutRenewals({
    tenants: async () => (await directoryStub(env.DIRECTORY).list()).map(({ tenant }) => tenant),
    livePipelines: (tenant) => controlStub(env.CONTROL, tenant).livePipelines(),
    send: async (messages) => {
      await env.RENEWALS.sendBatch(messages.map((body) => ({ body })));
    },
    log,
  });

/** Schedule → job. The names are those of `wrangler.toml`'s triggers. */
export const JOBS: Record<string, readonly { name: string; run: (env: Env) => Promise<void> }[]> = {
  '* * * * *': [
    { name: 'poke live pipelines', run: pokeLivePipelines },
    { name: 'finish erasures', run: finishErasures },
    { name: 'archive old pipelines', run: archiveOldPipelines },
  ],
  '*/30 * * * *': [
    { name: 'renew live tokens', run: renewLiveTokens },
    { name: 'reconcile the ledger', run: reconcileLedger },
    { name: 'look at fronted MCP servers', run: lookAtFrontedServers },
  ],
};

/** Runs the jobs of a schedule; one that fails is logged and does not stop the others. */
export async function runScheduled(event: Pick<ScheduledController, 'cron'>, env: Env): Promise<void> {
  parseConfig(env);
  for (const { name, run } of JOBS[event.cron] ?? [])
    await run(env).catch((error: unknown) => log('error', 'a cron job failed', { job: name, error }));
}
