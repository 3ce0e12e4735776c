import type { Turn } from './turn.ts';

/** PIPE-3. */
export const planner: Turn<'planner_report'> = {
  schema: 'planner_report',
  result: (report, usage) => ({ kind: 'planner_report', report, usage }),
};
