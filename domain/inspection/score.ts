import type { Severity } from '../governance/severity.ts';

/** Parts of a hundred that one finding takes from what is left of a document's good name. */
const WEIGHT: Record<Severity, number> = { info: 0, low: 3, medium: 12, high: 30, critical: 60 };

/** SBX-1: 0 nothing found, 100 the worst. Integers throughout, so that every runtime computes the same score. */
export function scoreOf(findings: readonly { severity: Severity }[]): number {
  let left = 1_000_000;
  for (const { severity } of findings) left = Math.floor((left * (100 - WEIGHT[severity])) / 100);
  return 100 - Math.floor(left / 10_000);
}
