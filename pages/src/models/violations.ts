import type { LedgerEntry } from '#contract/ledger.ts';
import { SEVERITIES, type Severity } from '#domain/governance/severity.ts';

export interface RecordedViolation {
  rule: string;
  severity: Severity;
  evidence: string;
  consequence: string;
  agent_id: string | null;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The violation that a ledger entry records; null when its content was erased. */
export function violationIn(entry: LedgerEntry): RecordedViolation | null {
  if (entry.type !== 'violation_recorded' || typeof entry.body !== 'object' || entry.body === null)
    return null;
  const body = entry.body as Record<string, unknown>;
  const severity = SEVERITIES.find((s) => s === body.severity);
  if (!severity) return null;
  return {
    rule: text(body.rule),
    severity,
    evidence: text(body.evidence),
    consequence: text(body.consequence),
    agent_id: text(body.agent_id) || null,
  };
}
