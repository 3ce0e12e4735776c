import { atMost, type Measurement, percentile } from '../report.ts';
import { startPolicies, timed } from '../runtime.ts';

const WARM_UP = 500;
/** The Worker's clock counts whole milliseconds: the median is of groups, the 99th percentile of single ones. */
const GROUPS = 60;
const GROUP = 40;
const SINGLE = 1_000;

/** PERF-4: one judgement with 50 policies, inside the Worker, in milliseconds: request made, evaluated, decision put into words. */
export async function measurePolicies(folder: string): Promise<Measurement[]> {
  const worker = await startPolicies(folder);
  const judge = (n: number): Promise<number> => timed(`${worker.url}/?n=${n}`);
  const repeat = async (times: number, n: number): Promise<number[]> => {
    const took: number[] = [];
    for (let i = 0; i < times; i++) took.push((await judge(n)) / n);
    return took;
  };
  try {
    await judge(WARM_UP);
    const groups = await repeat(GROUPS, GROUP);
    // A clock that stands still while code runs would make everything look free.
    if (groups.every((ms) => ms === 0)) throw new Error('the clock of this runtime does not run');
    const single = await repeat(SINGLE, 1);
    return [
      atMost('PERF-4', 'policy decision, 50 policies, p50', percentile(groups, 0.5), 'ms', 0.15),
      atMost('PERF-4', 'policy decision, 50 policies, p99', percentile(single, 0.99), 'ms', 1),
    ];
  } finally {
    await worker.stop();
  }
}
