import type { PipelineState } from '../state.ts';

/** How a label stands among the origins of a result: what derives from it carries it on, into memory too (GOV-3, AGENT-5). */
const MARK = 'label:';

export const labelOrigins = (labels: readonly string[]): string[] => labels.map((label) => `${MARK}${label}`);

export const labelsAmong = (origin: readonly string[]): string[] =>
  origin.flatMap((one) => (one.startsWith(MARK) ? [one.slice(MARK.length)] : []));

/** GOV-3: labels are never taken away. */
export const withLabels = (state: PipelineState, labels: readonly string[] = []): PipelineState => {
  const all = [...new Set([...state.labels, ...labels])].sort();
  return all.length === state.labels.length ? state : { ...state, labels: all };
};
