import type { Usage } from '#domain/pipeline/event/steps.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';

/** AGENT-6: what one agent used of one model. Money in micro-USD, latency as the mean in milliseconds. */
export interface UsageRow {
  agent: string;
  provider: string;
  model: string;
  calls: number;
  failed: number;
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
  cost_microusd: number;
  latency_ms: number;
}

/** Sums the calls recorded up to and including `seq`, in the order in which agents first called. */
export function usageRows(events: readonly PipelineEvent[], seq: number): UsageRow[] {
  const roles = new Map<string, string>();
  const stepAgents = new Map<string, string>();
  const rows = new Map<string, UsageRow>();

  const add = (stepId: string, usage: Usage, failed: boolean) => {
    const agentId = stepAgents.get(stepId);
    const agent = (agentId && roles.get(agentId)) ?? 'unknown';
    const key = `${agentId} ${usage.provider} ${usage.model}`;
    const row = rows.get(key) ?? {
      agent,
      provider: usage.provider,
      model: usage.model,
      calls: 0,
      failed: 0,
      tokens_in: 0,
      tokens_out: 0,
      tokens_cached: 0,
      cost_microusd: 0,
      latency_ms: 0,
    };
    row.latency_ms = (row.latency_ms * row.calls + usage.latency_ms) / (row.calls + 1);
    row.calls += 1;
    row.failed += failed ? 1 : 0;
    row.tokens_in += usage.tokens_in;
    row.tokens_out += usage.tokens_out;
    row.tokens_cached += usage.tokens_cached;
    row.cost_microusd += usage.cost_microusd;
    rows.set(key, row);
  };

  for (const event of events) {
    if (event.seq > seq) break;
    if (event.type === 'agent_spawned') roles.set(event.body.agent_id, event.body.role);
    else if (event.type === 'step_scheduled' && 'agent_id' in event.body.work)
      stepAgents.set(event.body.step_id, event.body.work.agent_id);
    else if (event.type === 'step_completed' && event.body.usage)
      add(event.body.step_id, event.body.usage, false);
    else if (event.type === 'step_failed' && event.body.usage)
      add(event.body.step_id, event.body.usage, true);
  }
  return [...rows.values()];
}
