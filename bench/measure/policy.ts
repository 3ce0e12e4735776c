import { atMost, type Measurement, percentile } from '../report.ts';
import { startPolicies, timed } from '../runtime.ts';

/** Decisions before the first that counts: the runtime compiles what runs often, and every kind of action has been seen. */
const WARM_UP = 500;
/** The Worker's clock counts whole milliseconds: the median is of groups, the 99th percentile of single ones. */
const GROUPS = 60;
const GROUP = 40;
const SINGLE = 1_000;
/** Versions judged by for the first time: their text is read, and parsed. */
const FIRST = 30;

/**
 * PERF-4: one judgement with 50 policies, inside the Worker, in milliseconds: request made, evaluated, decision put into words. Ten kinds of
 * actions by turns, each with arguments of its own; six of the ten are refused, for different reasons.
 */
export async function measurePolicies(folder: string): Promise<Measurement[]> {
  const worker = await startPolicies(folder);
  const judge = (n: number, cold = ''): Promise<number> => timed(`${worker.url}/?n=${n}&cold=${cold}`);
  const repeat = async (times: number, n: number, cold = ''): Promise<number[]> => {
    const took: number[] = [];
    for (let i = 0; i < times; i++) took.push((await judge(n, cold)) / n);
    return took;
  };
  try {
    await judge(WARM_UP);
    const groups = await repeat(GROUPS, GROUP);
    // A clock that stands still while code runs would make everything look free.
    if (groups.every((ms) => ms === 0)) throw new Error('the clock of this runtime does not run');
    const single = await repeat(SINGLE, 1);
    const first = await repeat(FIRST, 1, 'yes');
    return [
      atMost('PERF-4', 'policy decision, 50 policies, p50', percentile(groups, 0.5), 'ms', 0.15),
      atMost('PERF-4', 'policy decision, 50 policies, p99', percentile(single, 0.99), 'ms', 1),
      atMost('PERF-4', 'first decision under a version of 50 policies, p50', percentile(first, 0.5), 'ms'),
    ];
  } finally {
    await worker.stop();
  }
}
