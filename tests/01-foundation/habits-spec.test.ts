import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { coverage, PHASES, requirementsOf } from '#scripts/spec/coverage.ts';
import { numbersOf, titlesOf } from '#scripts/spec/titles.ts';

const SPEC = readFileSync(new URL('../../docs/SPEC.md', import.meta.url), 'utf8');

describe('the list of requirements with and without a test', () => {
  it('titles are found in every way that tests are written', () => {
    const source = `
      CALL_it('A-1: plain', () => {});
      CALL_it("A-2: it's quoted", async () => {});
      CALL_test.skip(\`A-3: template\`, () => {});
      CALL_it.each([['(', 1], [')', 2]])('A-4: %s', () => {});
      CALL_it.each\`a | b\`('A-5: table', () => {});
      CALL_it.skipIf(!process.env['X'])('A-6: sometimes', () => {});
      CALL_it(
        'A-7: wrapped',
        () => { expect(await('no title')).toBe(1); },
      );
      commit('A-8: not a test');`;
    expect(titlesOf(source.replaceAll('CALL_', '')).map((t) => numbersOf(t)[0])).toEqual([
      'A-1',
      'A-2',
      'A-3',
      'A-4',
      'A-5',
      'A-6',
      'A-7',
    ]);
  });

  it.each([
    ['CRED-1: one', ['CRED-1']],
    ['CRED-1, CRED-2 and ENF-3: several', ['CRED-1', 'CRED-2', 'ENF-3']],
    ['CRED-1/CRED-2: several', ['CRED-1', 'CRED-2']],
    ['a child token of CRED-1', []],
    ['UTF-8x: no number', []],
  ])('%s names %j', (title, numbers) => {
    expect(numbersOf(title)).toEqual(numbers);
  });

  it('numbers in the specification are unique, and all read', () => {
    const numbers = requirementsOf(SPEC).map((r) => r.number);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.length).toBe(SPEC.match(/^- [A-Z]+-\d+/gm)?.length);
  });

  it('a test for a number that nobody asked for is reported', () => {
    const text = ['RUN-1: ok', 'RUN-999: what'].map((title) => `${'it'}('${title}', f);`).join('\n');
    const { unknown, requirements, phases } = coverage(SPEC, [
      { path: 'tests/01-foundation/a.test.ts', text },
    ]);
    expect(unknown.map((u) => u.number)).toEqual(['RUN-999']);
    expect(requirements.filter((r) => r.tests.length > 0).map((r) => r.number)).toEqual(['RUN-1']);
    expect(phases.find((p) => p.phase === '01-foundation')?.tests).toBe(2);
  });

  it('VAL-1: the phases ask for the numbers of tests that the specification gives', () => {
    const wanted = /at least ([\d, ]+) meaningful tests/.exec(SPEC)?.[1]?.split(', ').map(Number);
    expect(Object.values(PHASES)).toEqual(wanted);
  });
});
