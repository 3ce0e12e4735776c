/** `npm run check`: everything that can be said about the sources without running them. */
import { availableParallelism } from 'node:os';
import { type Step, steps } from './steps.ts';

const queue = steps();
const failed: string[] = [];
const began = performance.now();
const seconds = (from: number): string => `${((performance.now() - from) / 1_000).toFixed(1)} s`;

async function work(): Promise<void> {
  for (let step: Step | undefined = queue.shift(); step; step = queue.shift()) {
    const start = performance.now();
    const problems = await step.check();
    console.log(`${problems ? '✗' : '✓'} ${step.name} (${seconds(start)})`);
    if (problems) {
      failed.push(step.name);
      console.log(`\n${problems}\n`);
    }
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
console.log(
  failed.length === 0
    ? `check: all well in ${seconds(began)}`
    : `check: ${failed.length} failed (${failed.join(', ')}) in ${seconds(began)}; try: npx biome check --write`,
);
process.exit(failed.length === 0 ? 0 : 1);
