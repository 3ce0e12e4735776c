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

/** The exit code: 0 nothing lost, 1 something lost, 64 a wrong option, 130 stopped by hand with nothing lost so far. */
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
      ...(report.stopped
        ? [
            `stopped       ${report.stopped} after ${report.kills} of ${kills} kills, ${report.unfinished} pipelines not over`,
          ]
        : []),
      `acknowledged  ${report.pipelines} pipelines, ${report.events} events`,
      `lost          ${report.lost.length === 0 ? 'nothing' : report.lost.length}`,
      ...report.lost.map((what) => `              ${what}`),
      `ends          ${Object.entries(report.exits)
        .map(([exit, count]) => `${count} × exit ${exit}`)
        .join(', ')}`,
      `up again      ${spread(report.up_ms)}`,
      `work resumed  ${spread(report.resumed_ms)} after that, ${report.resumed_ms.length} interrupted pipelines; ${report.interrupted_again} were killed again before`,
      `repeat        npm run chaos -- --kills ${kills} --pipelines ${pipelines} --seed ${seed}`,
    ].join('\n'),
  );
  if (report.lost.length > 0) return 1;
  return report.stopped === 'by hand' ? 130 : 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const usage = error instanceof BadOption;
    console.error(usage ? `${error.message}\n\n${HELP}` : error);
    process.exitCode = usage ? 64 : 1;
  },
);
