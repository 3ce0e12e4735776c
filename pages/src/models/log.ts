import type { Orchestration } from '#contract/pipeline.ts';

export interface LogRow {
  seq: number;
  at: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  source: string;
  message: string;
}

/** Written lines and the agents' progress as one log, by seq. */
export function logRows(run: Orchestration): LogRow[] {
  const roles = new Map(run.agents.map((a) => [a.agent_id, a.role]));
  const progress = run.blackboard.progress.map(
    ({ seq, at, agent_id, note }): LogRow => ({
      seq,
      at,
      level: 'debug',
      source: (agent_id && roles.get(agent_id)) ?? 'system',
      message: note,
    }),
  );
  const lines = run.log.map(
    ({ seq, at, level, source, message }): LogRow => ({ seq, at, level, source, message }),
  );
  return [...lines, ...progress].sort((a, b) => a.seq - b.seq);
}
