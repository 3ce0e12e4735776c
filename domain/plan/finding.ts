/** PRE-1: what is wrong with, or worth knowing about, a plan, and where. Lines and columns count from 1. */
export interface PlanFinding {
  severity: 'error' | 'warning' | 'info';
  code: string;
  message: string;
  /** null when the finding has no place in the text. */
  line: number | null;
  column: number | null;
  expected: string | null;
}

/** A reader stops at the first few; a broken file of a megabyte shall not answer with a megabyte. */
export const MAX_FINDINGS = 50;

/** In the order of the text, so that a reader mends from top to bottom. */
export const inOrder = (findings: readonly PlanFinding[]): PlanFinding[] =>
  [...findings]
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
    .slice(0, MAX_FINDINGS);
