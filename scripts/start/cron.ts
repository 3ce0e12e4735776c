/** `wrangler dev` has no clock for cron triggers: this is it. Expressions as in wrangler.toml; minutes between two runs. */
const SCHEDULE = [
  { cron: '* * * * *', everyMinutes: 1 },
  { cron: '*/30 * * * *', everyMinutes: 30 },
] as const;
const MINUTE_MS = 60_000;

/** Runs one cron trigger now. False when it could not be run; the next minute tries again. */
export async function trigger(url: string, cron: string): Promise<boolean> {
  const query = new URLSearchParams({ cron });
  try {
    const response = await fetch(`${url}/cdn-cgi/handler/scheduled?${query}`, {
      signal: AbortSignal.timeout(MINUTE_MS),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Pokes every live pipeline at once, so that what a kill interrupted goes on now (REC-6), then keeps the schedule. */
export async function startCron(url: string): Promise<{ stop(): void }> {
  await trigger(url, SCHEDULE[0].cron);
  let minutes = 0;
  const timer = setInterval(() => {
    minutes += 1;
    for (const { cron, everyMinutes } of SCHEDULE) {
      if (minutes % everyMinutes === 0) void trigger(url, cron);
    }
  }, MINUTE_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
