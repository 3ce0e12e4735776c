import type { StepResult } from '#domain/pipeline/assignment.ts';
import type { EventBodies } from '#domain/pipeline/event.ts';
import { controlStub, pipelineStub } from '#objects/shared/stubs.ts';
import { credentialsConfig, type Env, parseConfig } from '#workers/config.ts';
import {
  type Credentials,
  createCredentials,
  type IssuedToken,
  TOKEN_TTL_S,
} from '#workers/credentials/index.ts';
import { runScheduled } from '#workers/cron.ts';
import product, * as objects from '#workers/main.ts';

export const { ControlObject, FeedObject, DirectoryObject, LogObject } = objects;

const counted = { renewed: 0, failed: 0, vault_calls: 0, object_calls: 0, messages: 0 };

const send = globalThis.fetch;
globalThis.fetch = (...args: Parameters<typeof fetch>) => {
  if (String(args[0]).includes('/vault/v1/')) counted.vault_calls += 1;
  return send(...args);
};

/** All objects and workers share one isolate in the local runtime, and so this clock. */
const now = Date.now;
let ahead_ms = 0;
Date.now = () => now() + ahead_ms;

export class PipelineObject extends objects.PipelineObject {
  override async renewalsDue(...args: Parameters<objects.PipelineObject['renewalsDue']>) {
    counted.object_calls += 1;
    return super.renewalsDue(...args);
  }
  override async recordRenewals(...args: Parameters<objects.PipelineObject['recordRenewals']>) {
    counted.object_calls += 1;
    const ack = await super.recordRenewals(...args);
    counted.renewed += ack.accepted ? args[1].renewed.length : 0;
    counted.failed += args[1].failed.length;
    return ack;
  }
  /** Steps that nobody takes would be sent out again and again, the more the more pipelines there are; what is held is held. */
  override async alarm() {}
}

/** The product with its other queues held: the bench puts real tokens into pipelines, and then only the renewals run. */
export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    const query = url.searchParams;
    switch (url.pathname) {
      case '/__bench/counters':
        return Response.json(counted);
      case '/__bench/clock':
        ahead_ms = Number(query.get('ahead_ms'));
        return new Response();
      case '/__bench/live':
        return Response.json(
          await makeLive(env, query.get('tenant') ?? '', query.get('ids')?.split(',') ?? []),
        );
      case '/__bench/cron':
        await runScheduled({ cron: '*/30 * * * *' }, env);
        return new Response();
      default:
        return product.fetch(request as never, env, ctx);
    }
  },
  queue(batch: MessageBatch, env: Env) {
    // The ledger's work is measured elsewhere, and would only compete with this for the one isolate.
    if (batch.queue !== 'ags-renewals') {
      batch.ackAll();
      return;
    }
    counted.messages += batch.messages.length;
    return product.queue(batch, env);
  },
};

const REPORT = { summary: 's', tasks: [], risks: [], proposed_actions: [], complexity: 95 };
const USAGE = {
  ...{ tokens_in: 1, tokens_out: 1, tokens_cached: 0, cost_microusd: 0, latency_ms: 1 },
  ...{ provider: 'compatible', model: 'bench' },
};

/** Pipelines of one request filled side by side. */
const WIDTH = 3;

type Step = EventBodies['step_scheduled'];

let shared: Credentials | null = null;

/** From the spawn to a round of ALPHA, BETA and GAMMA, each with a real token of its own. Answers with the tokens that are kept alive. */
async function makeLive(env: Env, tenant: string, ids: string[]): Promise<{ tokens: number }> {
  shared ??= createCredentials(credentialsConfig(parseConfig(env)));
  const credentials = shared;
  /** Filling thousands of pipelines keeps a small machine busy; what is slow now is asked again. */
  const must = async <T>(
    ask: () => Promise<
      { ok: true; value: T } | { ok: false; error: { message: string; retryable: boolean } }
    >,
  ): Promise<T> => {
    for (let tries = 1; ; tries++) {
      const answer = await ask();
      if (answer.ok) return answer.value;
      if (!answer.error.retryable || tries === 5) throw new Error(answer.error.message);
    }
  };
  const recorded = (t: IssuedToken) => ({
    accessor: t.accessor,
    policies: t.policies,
    expires_at: new Date(Date.now() + TOKEN_TTL_S * 1_000).toISOString(),
  });
  let tokens = 0;
  const fill = async (pipeline: string): Promise<void> => {
    const object = pipelineStub(env.PIPELINE, tenant, pipeline);
    const who = { tenant, pipeline, generation: 1 };
    const open = new Map<string, Step>();
    let seq = 0;
    const look = async (): Promise<Step[]> => {
      const log = await object.events(tenant, seq, 1_000);
      if (!log.ok) throw new Error(log.error.code);
      for (const e of log.value) {
        seq = e.seq;
        if (e.type === 'step_scheduled') open.set(e.body.step_id, e.body);
        if (e.type === 'step_completed') open.delete(e.body.step_id);
      }
      return [...open.values()].filter(({ work }) => work.kind !== 'agent_turn' || work.round === 0);
    };
    for (let steps = await look(); steps.length > 0; steps = await look()) {
      for (const { step_id, work } of steps) {
        const claim = await object.claim(tenant, step_id, 'bench');
        if (!claim.claimed) throw new Error(claim.why);
        let result: StepResult;
        if (work.kind === 'credentials_login') {
          const login = await must(() => credentials.login(who));
          await must(() => credentials.extend({ accessor: login.accessor, increment_s: TOKEN_TTL_S }));
          result = { kind: 'credentials_login', ...recorded(login) };
          tokens += 1;
        } else if (work.kind === 'agent_bootstrap') {
          const { agent } = claim.assignment;
          const child = await must(() =>
            credentials.issueAgent({ ...who, agent: work.agent_id, tier: 0, ttl_s: TOKEN_TTL_S }),
          );
          result = { kind: 'agent_bootstrap', ...recorded(child) };
          if (agent?.role !== 'PLANNER') tokens += 1;
        } else result = { kind: 'planner_report', report: REPORT, usage: USAGE };
        const ack = await object.complete(tenant, step_id, claim.assignment.epoch, result);
        if (!ack.accepted) throw new Error(ack.why);
      }
    }
  };
  const waiting = [...ids];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await fill(next);
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  const live = await controlStub(env.CONTROL, tenant).livePipelines();
  if (live.length < ids.length) throw new Error(`${live.length} of ${ids.length} pipelines are live`);
  return { tokens };
}
