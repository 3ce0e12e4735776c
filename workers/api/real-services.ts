import type { Config, ConfigProblem } from '#workers/config.ts';

/** A cold isolate waits at most this long (ms) to learn whether a service is real. */
const TIMEOUT_MS = 1_500;
/** Results, not promises: a promise belongs to the request that made it. */
const found = new WeakMap<object, ConfigProblem[]>();

/** The embedded Worker says what it is at `/health`; whatever else answers there, or nothing, is a real service. */
async function isEmbedded(address: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/health', address), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'manual',
    });
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null && 'embedded' in body && body.embedded === true;
  } catch {
    return false;
  }
}

/** RUN-4: a production deployment refuses embedded services wherever they run. Asked once per isolate. */
export async function refuseEmbedded(env: object, config: Config): Promise<ConfigProblem[]> {
  if (config.environment !== 'production') return [];
  const known = found.get(env);
  if (known) return known;
  const addresses: [string, string | null][] = [
    ['VAULT_ADDR', config.vault.address],
    ['UPSTASH_REDIS_REST_URL', config.store.kind === 'upstash' ? config.store.url : null],
    ['MODEL_BASE_URL', config.model.baseUrl],
  ];
  const checks = addresses.map(
    async ([name, address]): Promise<ConfigProblem[]> =>
      address !== null && (await isEmbedded(address))
        ? [{ name, problem: 'points at an embedded development service' }]
        : [],
  );
  const problems = (await Promise.all(checks)).flat();
  found.set(env, problems);
  return problems;
}
