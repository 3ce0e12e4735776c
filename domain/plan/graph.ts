import type { Stage } from './plan.ts';

/** DSL-1: what a plan without stages runs. */
export const DEFAULT_STAGES: readonly Stage[] = [
  { id: 'plan', kind: 'agent', after: [] },
  { id: 'consensus', kind: 'consensus', after: ['plan'] },
];

export interface StageProblem {
  code: 'duplicate_stage' | 'dangling_after' | 'stage_cycle' | 'stage_not_offered';
  /** Index into the list of stages. */
  stage: number;
  /** Index into its `after`; null when the stage as a whole is meant. */
  after: number | null;
  message: string;
  expected: string | null;
}

/** The stages that lie on a cycle or behind one: what a topological order leaves over. */
function cyclic(stages: readonly Stage[]): Set<string> {
  const left = new Map(stages.map((s) => [s.id, new Set(s.after)]));
  for (let removed = true; removed; ) {
    removed = false;
    for (const [id, after] of left)
      if ([...after].every((other) => !left.has(other))) {
        left.delete(id);
        removed = true;
      }
  }
  return new Set(left.keys());
}

/** One agent stage, then one consensus stage after it: the only graph that runs yet. */
const isDefault = (stages: readonly Stage[]): boolean => {
  const [first, second] = stages;
  return (
    stages.length === 2 &&
    first?.kind === 'agent' &&
    first.after.length === 0 &&
    second?.kind === 'consensus' &&
    second.after.length === 1 &&
    second.after[0] === first.id
  );
};

/** Duplicates, edges to nowhere, cycles, and whether this graph can run. */
export function checkStages(stages: readonly Stage[]): StageProblem[] {
  const ids = stages.map((s) => s.id);
  const problems: StageProblem[] = [];
  stages.forEach((stage, i) => {
    if (ids.indexOf(stage.id) !== i)
      problems.push({
        code: 'duplicate_stage',
        stage: i,
        after: null,
        message: `Two stages have the id “${stage.id}”.`,
        expected: 'an id of its own for every stage',
      });
    stage.after.forEach((other, j) => {
      if (!ids.includes(other))
        problems.push({
          code: 'dangling_after',
          stage: i,
          after: j,
          message: `Stage “${stage.id}” comes after “${other}”, which does not exist.`,
          expected: `one of ${ids.join(', ')}`,
        });
    });
  });
  if (problems.length > 0) return problems;
  const loop = cyclic(stages);
  if (loop.size > 0)
    return [
      {
        code: 'stage_cycle',
        stage: stages.findIndex((s) => loop.has(s.id)),
        after: null,
        message: `The stages ${[...loop].join(', ')} wait for each other.`,
        expected: 'a graph without cycles',
      },
    ];
  if (isDefault(stages)) return [];
  const unusual = stages.findIndex((s) => s.kind !== 'agent' && s.kind !== 'consensus');
  return [
    {
      code: 'stage_not_offered',
      stage: Math.max(unusual, 0),
      after: null,
      message: 'This deployment runs only one graph yet: an agent stage, then a consensus stage after it.',
      expected: 'no `stages`, or an agent stage and a consensus stage after it',
    },
  ];
}
