/** `npm run deploy:pages` (RUN-6): the dashboard on Pages, reaching the Worker through a service binding. `--dry-run` needs no account. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '#scripts/generate/migrations.ts';
import { kib, measure } from './bundle.ts';
import { buildDashboard } from './dashboard.ts';
import { ask, main, must, Refused } from './wrangler.ts';

const PROJECT = 'ags-dashboard';
const PAGES = join(ROOT, 'pages');
const { values: options } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });

await main(options['dry-run'] ? dryRun : deploy);

async function dryRun(): Promise<void> {
  const outdir = mkdtempSync(join(tmpdir(), 'ags-functions-'));
  try {
    const dist = join(outdir, 'dist');
    buildDashboard(dist);
    const bundle = join(outdir, 'functions');
    const made = ask(['pages', 'functions', 'build', 'functions', '--outdir', bundle], PAGES);
    if (!made.ok) throw new Refused(`the Pages Functions cannot be bundled:\n${made.output}`);
    const size = (files: { compressed: number }[]) => kib(files.reduce((sum, f) => sum + f.compressed, 0));
    const files = measure(dist).files;
    console.log(`Functions: ${size(measure(bundle).files)} compressed`);
    console.log(`Scripts: ${size(files.filter((f) => f.name.endsWith('.js')))} compressed`);
    console.log(`All static files: ${files.length}, ${size(files)} compressed`);
    console.log(`Would deploy to the Pages project ${PROJECT}, bound to the Worker ags.`);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

async function deploy(): Promise<void> {
  buildDashboard();
  const projects = ask(['pages', 'project', 'list', '--json'], PAGES);
  if (!projects.ok)
    throw new Refused('Not signed in to Cloudflare. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.');
  if (!projects.stdout.includes(`"${PROJECT}"`))
    must(['pages', 'project', 'create', PROJECT, '--production-branch', 'main'], PAGES);
  must(['pages', 'deploy', 'dist', '--project-name', PROJECT, '--branch', 'main'], PAGES);
}
