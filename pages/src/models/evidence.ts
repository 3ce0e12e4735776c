import { CHECKS, type CheckName, type EvidenceReport } from '#domain/ledger/evidence/verify.ts';

export type Verdict = 'verified' | 'redacted' | 'refused';

/** LEDG-3: the answer in one word. Erased content does not make a package false, and is never passed over in silence. */
export const verdictOf = (report: EvidenceReport): Verdict =>
  !report.verified
    ? 'refused'
    : report.redacted.length > 0 || report.checks.some((c) => c.status === 'redacted')
      ? 'redacted'
      : 'verified';

export const checkTitle = (name: CheckName): string => CHECKS[name];

export const VERDICT_TEXT: Record<Verdict, { title: string; detail: string }> = {
  verified: {
    title: 'Verified',
    detail: 'Every byte is as it was signed. This was found by this browser alone; no server was asked.',
  },
  redacted: {
    title: 'Verified, with erased content',
    detail:
      'What is there is as it was signed. Some content was erased: its place, order and commitment still hold, its text is gone.',
  },
  refused: {
    title: 'Not verified',
    detail: 'The file is not what was signed by a key that you trust. Believe nothing of it.',
  },
};
