/** `npm run chaos`: kills the local system again and again under load, and says what was lost (REL-2). */
import { BadOption, HELP, parseOptions } from './options.ts';
import { runChaos } from './run.ts';

const spread = (times: readonly number[]): string => {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (n: number): string => `${((sorted[n] ?? 0) / 1_000).toFixed(1)} s`;
  return sorted.length === 0
    ? 'not measured'
    : `p50 ${at(Math.floor((sorted.length - 1) / 2))}, max ${at(sorted.length - 1)}`;
};

const aborter = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => aborter.abort());

/** The exit code: 0 nothing lost, 1 something lost, 64 a wrong option. */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    console.log(HELP);
    return 0;
  }
  const { kills, pipelines, seed } = options;
  console.log(`${kills} kills, ${pipelines} pipelines at a time, seed ${seed}`);
  const report = await runChaos(options, console.log, aborter.signal);
  console.log(
    [
      '',
      `acknowledged  ${report.pipelines} pipelines, ${report.events} events`,
      `lost          ${report.lost.length === 0 ? 'nothing' : report.lost.length}`,
      ...report.lost.map((what) => `              ${what}`),
      `ends          ${Object.entries(report.exits)
        .map(([exit, count]) => `${count} × exit ${exit}`)
        .join(', ')}`,
      `up again      ${spread(report.up_ms)}`,
      `work resumed  ${spread(report.resumed_ms)} after that`,
      `repeat        npm run chaos -- --kills ${kills} --pipelines ${pipelines} --seed ${seed}`,
    ].join('\n'),
  );
  return report.lost.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (aborter.signal.aborted) {
      console.error('stopped; nothing is left running');
      process.exitCode = 130;
      return;
    }
    const usage = error instanceof BadOption;
    console.error(usage ? `${error.message}\n\n${HELP}` : error);
    process.exitCode = usage ? 64 : 1;
  },
);
