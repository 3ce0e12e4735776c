import { atMost, type Measurement } from '../report.ts';
import type { Load } from './pipelines.ts';

/** USD per million on the paid plan, beyond what it includes; a queue message is written, read and deleted. */
const PRICES = {
  object_rows: 1,
  alarms: 1,
  d1_rows: 1,
  object_requests: 0.15,
  worker_requests: 0.3,
  messages: 0.4 * 3,
} as const;

/** PERF-6: what a million steps cost beside the model, from what was counted. CPU time comes on top: $0.02 per million milliseconds. */
export function costPerMillionSteps(perStep: Load['perStep']): Measurement[] {
  const parts = Object.keys(PRICES).map((name) =>
    atMost('PERF-6', `${name.replaceAll('_', ' ')} per step`, perStep[name as keyof typeof PRICES], ''),
  );
  const total = Object.entries(PRICES).reduce(
    (sum, [name, price]) => sum + perStep[name as keyof typeof PRICES] * price,
    0,
  );
  return [...parts, atMost('PERF-6', 'cost of a million steps, without model and CPU', total, 'USD')];
}
