import { controlLogId } from '#domain/ids.ts';
import { directoryStub, pipelineStub } from '#objects/shared/stubs.ts';
import { TenantControl, TenantDirectory, TenantFeed, TenantLog } from '#objects/tenant/index.ts';
import { createApp } from '#workers/api/index.ts';
import { logPorts } from '#workers/ledger/index.ts';
import { type Env, parseConfig } from './config.ts';
import { runScheduled } from './cron.ts';
import { consumeQueue } from './queues.ts';

export { PipelineObject } from '#objects/pipeline/object.ts';
export { TenantDirectory as DirectoryObject, TenantFeed as FeedObject };

/** Objects read no variables: what they need of the configuration is handed to them here. */
export class ControlObject extends TenantControl {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, {
      pepper: parseConfig(env).keyPepper,
      directory: () => directoryStub(env.DIRECTORY),
      hint: (tenant, seq) => env.LEDGER_QUEUE.send({ tenant, pipeline_id: controlLogId(tenant), seq }),
      pipeline: (tenant, id) => pipelineStub(env.PIPELINE, tenant, id),
    });
  }
}

export class LogObject extends TenantLog {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, logPorts(parseConfig(env).ledger));
  }
}

const app = createApp();

/** Composition only: HTTP to the API, messages to their consumers, the clock to the cron table. */
export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  queue: (batch, env) => consumeQueue(batch, env),
  scheduled: (event, env) => runScheduled(event, env),
} satisfies ExportedHandler<Env>;
