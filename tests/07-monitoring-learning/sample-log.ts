import type { EventBodies, NewEvent } from '#domain/pipeline/event.ts';

const usage = {
  tokens_in: 100,
  tokens_out: 20,
  tokens_cached: 0,
  cost_microusd: 42,
  provider: 'embedded',
  model: 'extractive-1',
  latency_ms: 12,
};

const note = (message: string, level: 'info' | 'error' = 'info'): NewEvent => ({
  type: 'log_written',
  body: { log_id: 'lg_1', level, source: 'test', message, fields: {} },
});

export const notes = (n: number): NewEvent[] => Array.from({ length: n }, (_, i) => note(`line ${i}`));
export const failure = (message: string): NewEvent => note(message, 'error');

const decision: EventBodies['action_decided']['decision'] = {
  decision: 'deny',
  determining: ['egress-allow-list'],
  policy_version: '1',
  reason: 'not on the list',
  remedy: 'add the host',
  effect: 'once',
  violation: null,
};

/** An agent asks a model, then for a forbidden action; the last three events refer to the first three by id. */
export const beginning: NewEvent[] = [
  { type: 'agent_spawned', body: { agent_id: 'ag_1', role: 'ALPHA', tier: 1, reason: 'plan' } },
  {
    type: 'step_scheduled',
    body: { step_id: 'st_1', work: { kind: 'agent_turn', agent_id: 'ag_1', round: 2, leg: 3 } },
  },
  {
    type: 'action_requested',
    body: {
      action_id: 'ac_1',
      agent_id: 'ag_1',
      turn_step_id: 'st_1',
      call_id: 'c1',
      tool: 'http_get',
      arguments: { url: 'http://evil.test' },
      target: 'evil.test',
      action_sha256: 'a'.repeat(64),
      origin: ['ticket.md'],
    },
  },
];
export const ending: NewEvent[] = [
  { type: 'step_completed', body: { step_id: 'st_1', epoch: 1, usage } },
  { type: 'action_decided', body: { action_id: 'ac_1', decision } },
  {
    type: 'violation_recorded',
    body: {
      violation_id: 'vi_1',
      agent_id: 'ag_1',
      rule: 'egress-allow-list',
      severity: 'medium',
      evidence: 'GET evil.test',
      consequence: 'refused',
    },
  },
];
