import { vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Env } from '#workers/config.ts';
import { DrivenPipeline } from './driven-pipeline.ts';
import { skyPlan } from './plans/sky.ts';
import { answer, env, makeTenant, type TestTenant } from './worker.ts';

/** The Worker with everything behind it: real objects, queues and D1, and a Vault, a store and a model that speak their protocols. */
export interface WholeWorker {
  env: Env;
  tenant: TestTenant;
  spawn(name: string): Promise<DrivenPipeline>;
}

export async function wholeWorker(name: string): Promise<WholeWorker> {
  const tenant = await makeTenant(name);
  const response = await fetch(`http://embedded.test/_tenant/${name}`, { method: 'POST' });
  const variables = (await response.json()) as Record<string, string>;
  const whole = { ...env, ...variables } as unknown as Env;
  return {
    env: whole,
    tenant,
    async spawn(plan) {
      const body = { plan: { source: skyPlan({ name: plan }) } };
      const made = await answer<Pipeline>('/api/spawn', { key: tenant.keys.operator, body, env: whole });
      if (made.status !== 201) throw new Error(JSON.stringify(made.body));
      return new DrivenPipeline(name, made.body.pipeline_id);
    },
  };
}

/** What a run came to, without what differs between any two. */
export async function cameTo(pipeline: DrivenPipeline) {
  const { outcome, verdict, usage, generation, round, agents, sealed } = await pipeline.state();
  return {
    ended: [outcome?.state, outcome?.exit_code, outcome?.reason],
    verdict: verdict && { revision: verdict.revision },
    rounds: round?.round,
    generation,
    sealed,
    agents: Object.values(agents).map((a) => a.role),
    usage: { tokens_in: usage.tokens_in, tokens_out: usage.tokens_out, actions: usage.actions },
  };
}

/** The ledger's copy, as hashes, in order. */
export async function copied(pipeline: DrivenPipeline): Promise<string[]> {
  const { results } = await env.LEDGER.prepare('SELECT hash FROM events WHERE pipeline_id = ? ORDER BY seq')
    .bind(pipeline.id)
    .all<{ hash: string }>();
  return results.map((row) => row.hash);
}

export const sealed = (pipelines: readonly DrivenPipeline[]) => async (): Promise<boolean> =>
  (await Promise.all(pipelines.map(async (p) => (await p.state()).sealed))).every(Boolean);

/** Sealed, and D1 has all of it. */
export const over = (pipelines: readonly DrivenPipeline[]) => async (): Promise<boolean> => {
  if (!(await sealed(pipelines)())) return false;
  const left = pipelines.map(async (p) => (await p.events()).length - (await copied(p)).length);
  return (await Promise.all(left)).every((missing) => missing === 0);
};

/** Time passes for the objects, whose clock the test holds. */
export const passes = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
