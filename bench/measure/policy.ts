import { atMost, type Measurement, percentile } from '../report.ts';
import { startPolicies } from '../runtime.ts';

/** Decisions before the first that counts, as in a Worker under load: the runtime compiles what has run often, and has seen every kind. */
const WARM_UP = 5_000;
/** Kinds of actions that the Worker knows to ask for. */
const KINDS = 10;
/**
 * The Worker's clock counts whole milliseconds: the median is of groups, each of one kind, so that a dear kind does not hide in a group's
 * mean; the 99th percentile is of single ones, each between two looks at the clock.
 */
const GROUPS = 12 * KINDS;
const GROUP = 40;
const BUSY = 100;
const IN_A_ROW = 50;
const WOKEN = 1_000;
/** Versions judged by for the first time: their text is read, and parsed. */
const FIRST = 30;

/**
 * PERF-4: one judgement with 50 policies, inside the Worker, in milliseconds: request made, evaluated, decision put into words. Ten kinds of
 * actions by turns, each with arguments of its own; six of the ten are refused, for different reasons. Of seven kinds no policy looks at what
 * differs between them, so that Cedar's answer is known after the first; three are a new question each time.
 */
export async function measurePolicies(folder: string): Promise<Measurement[]> {
  const worker = await startPolicies(folder);
  const ask = async (n: number, more: string): Promise<{ ms: number; each: number[] }> => {
    const response = await fetch(`${worker.url}/?n=${n}&${more}`);
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { ms: number; each: number[] };
  };
  const judge = async (n: number, more = ''): Promise<number> => (await ask(n, more)).ms;
  const repeat = async (times: number, n: number, more: (time: number) => string): Promise<number[]> => {
    const took: number[] = [];
    for (let i = 0; i < times; i++) took.push((await judge(n, more(i))) / n);
    return took;
  };
  try {
    await judge(WARM_UP);
    const groups = await repeat(GROUPS, GROUP, (n) => `kind=${n % KINDS}`);
    // A clock that stands still while code runs would make everything look free.
    if (groups.every((ms) => ms === 0)) throw new Error('the clock of this runtime does not run');
    const single: number[] = [];
    for (let i = 0; i < BUSY; i++) single.push(...(await ask(IN_A_ROW, '')).each);
    const woken = await repeat(WOKEN, 1, () => '');
    const first = await repeat(FIRST, 1, () => 'cold=1');
    const dearest = Math.max(
      ...Array.from({ length: KINDS }, (_, kind) =>
        percentile(
          groups.filter((_ms, n) => n % KINDS === kind),
          0.5,
        ),
      ),
    );
    return [
      atMost('PERF-4', 'policy decision, 50 policies, p50', percentile(groups, 0.5), 'ms', 0.15),
      atMost('PERF-4', 'policy decision, 50 policies, p99', percentile(single, 0.99), 'ms', 1),
      atMost('PERF-4', 'one decision in a Worker that had nothing to do, p99', percentile(woken, 0.99), 'ms'),
      atMost('PERF-4', 'of the dearest kind of action, p50', dearest, 'ms'),
      atMost('PERF-4', 'first decision under a version of 50 policies, p50', percentile(first, 0.5), 'ms'),
    ];
  } finally {
    await worker.stop();
  }
}
