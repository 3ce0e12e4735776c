/** ENF-7 names violations in upper case in prose; on the wire severities are lower case like every enum. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const severityRank = (severity: Severity): number => SEVERITIES.indexOf(severity);
export const atLeast = (severity: Severity, floor: Severity): boolean =>
  severityRank(severity) >= severityRank(floor);
