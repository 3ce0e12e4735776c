import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorker, MAX_WORKER_BYTES } from '#scripts/deploy/bundle.ts';
import { writeProductionConfig } from '#scripts/deploy/config.ts';
import { ask } from '#scripts/deploy/wrangler.ts';
import { ROOT } from '#scripts/generate/migrations.ts';
import { atMost, type Measurement, percentile } from '../report.ts';

const TRIALS = 5;
/** PERF-6, in milliseconds. */
const MAX_STARTUP = 200;

/** PERF-6: the Worker's size as uploaded, and the CPU time of loading it in workerd on this machine. */
export async function measureSize(): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ags-size-'));
  try {
    // The dashboard is not part of the Worker's size, but its folder has to be there.
    mkdirSync(join(ROOT, 'pages', 'dist'), { recursive: true });
    const config = writeProductionConfig(folder, '11111111-1111-1111-1111-111111111111', folder);
    const { compressed } = bundleWorker(config, join(folder, 'worker'));
    const startups = Array.from({ length: TRIALS }, () => startupCpu(config, join(folder, 'p.cpuprofile')));
    return [
      atMost('PERF-6', 'Worker, compressed', compressed / 1024, 'KiB', MAX_WORKER_BYTES / 1024),
      atMost('PERF-6', `start-up CPU, median of ${TRIALS}`, percentile(startups, 0.5), 'ms', MAX_STARTUP),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string } }[];
  samples: number[];
  /** Microseconds. */
  timeDeltas: number[];
}

/** Milliseconds in which the profiler saw the start-up phase do anything but wait. */
function startupCpu(config: string, outfile: string): number {
  const profiled = ask(['check', 'startup', '-c', config, '--outfile', outfile]);
  if (!profiled.ok) throw new Error(`the start-up cannot be profiled:\n${profiled.output}`);
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(outfile, 'utf8')) as CpuProfile;
  const idle = new Set(nodes.filter((n) => n.callFrame.functionName === '(idle)').map((n) => n.id));
  const busy = samples.map((id, i) => (idle.has(id) ? 0 : (timeDeltas[i] ?? 0)));
  return busy.reduce((a, b) => a + b, 0) / 1_000;
}
