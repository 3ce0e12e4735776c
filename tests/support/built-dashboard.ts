import { buildDashboard } from '#scripts/start/dashboard.ts';

/** Before the system tests: `wrangler dev` does not start without the folder of assets, whichever test happens to come first. */
export async function setup(): Promise<void> {
  await buildDashboard();
}
