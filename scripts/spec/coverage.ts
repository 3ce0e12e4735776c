import { numbersOf, titlesOf } from './titles.ts';

export interface Requirement {
  number: string;
  section: string;
  text: string;
}

/** Requirements are the list items of docs/SPEC.md that begin with a number. */
export function requirementsOf(spec: string): Requirement[] {
  let section = '';
  return spec.split('\n').flatMap((line) => {
    section = /^## (.+)/.exec(line)?.[1] ?? section;
    const item = /^- ([A-Z]+-\d+) (.+)/.exec(line);
    return item ? [{ number: item[1] as string, section, text: item[2] as string }] : [];
  });
}

/** VAL-1: the phases by which the tests are laid out, and the least number of tests in each. */
export const PHASES = {
  '01-foundation': 12,
  '02-secrets': 14,
  '03-agent-execution': 19,
  '04-promotion-revocation': 16,
  '05-bootstrap-checkpointing': 22,
  '06-orchestration': 56,
  '07-monitoring-learning': 46,
  '08-hardening': 31,
  '09-integrations': 14,
  '10-tenants': 18,
  '11-marketplace': 16,
  '12-observability': 21,
} as const;

export interface Coverage {
  requirements: (Requirement & { tests: { file: string; title: string }[] })[];
  phases: { phase: string; tests: number; wanted: number }[];
  /** Numbers that a title names and the specification does not have. */
  unknown: { number: string; file: string; title: string }[];
  tests: number;
}

export function coverage(spec: string, files: readonly { path: string; text: string }[]): Coverage {
  const tests = files.flatMap(({ path, text }) => titlesOf(text).map((title) => ({ file: path, title })));
  const requirements = requirementsOf(spec).map((r) => ({
    ...r,
    tests: tests.filter((t) => numbersOf(t.title).includes(r.number)),
  }));
  const known = new Set(requirements.map((r) => r.number));
  return {
    requirements,
    phases: Object.entries(PHASES).map(([phase, wanted]) => ({
      phase,
      tests: tests.filter((t) => t.file.startsWith(`tests/${phase}/`)).length,
      wanted,
    })),
    unknown: tests.flatMap((t) =>
      numbersOf(t.title)
        .filter((n) => !known.has(n))
        .map((number) => ({ number, ...t })),
    ),
    tests: tests.length,
  };
}
