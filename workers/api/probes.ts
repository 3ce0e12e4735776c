import type { BreakerView } from '#contract/breakers.ts';
import type { Config } from '#workers/config.ts';
import { credentialsConfig } from '#workers/config.ts';
import { type Credentials, createCredentials } from '#workers/credentials/index.ts';
import { countAlarms } from '#workers/ledger/index.ts';
import type { Asked } from './endpoint.ts';
import { controlOf } from './scope.ts';

export interface Probe {
  name: string;
  status: 'up' | 'degraded' | 'down' | 'unknown';
  latency_ms: number | null;
  detail: string | null;
  last_error: string | null;
}

/** Milliseconds; an answer after that counts as none. */
const TIMEOUT_MS = 3_000;
/** The last error of each hop as this isolate saw it; OBS-1's rollups keep the deployment's. */
const lastErrors = new Map<string, string>();

/** Once per isolate: each instance holds a session in Vault. */
const known = new WeakMap<Config, Credentials>();
function credentialsOf(config: Config): Credentials {
  const credentials = known.get(config) ?? createCredentials(credentialsConfig(config));
  known.set(config, credentials);
  return credentials;
}

type Found = { status?: Probe['status']; detail?: string | null };

async function probe(name: string, ask: () => Promise<Found | undefined>): Promise<Probe> {
  const began = Date.now();
  try {
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    });
    const found = await Promise.race([ask(), late]);
    return {
      name,
      status: found?.status ?? 'up',
      latency_ms: Date.now() - began,
      detail: found?.detail ?? null,
      last_error: lastErrors.get(name) ?? null,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message.slice(0, 300) : 'unknown error';
    lastErrors.set(name, `${new Date().toISOString()} ${message}`);
    return {
      name,
      status: 'down',
      latency_ms: Date.now() - began,
      detail: message,
      last_error: lastErrors.get(name) ?? null,
    };
  }
}

const MODEL_BASES: Partial<Record<Config['model']['provider'], string>> = {
  openrouter: 'https://openrouter.ai/api/v1',
};

/** Reachable is all that can be said without an agent's key: keys lie in Vault, and only agents read them (AGENT-2). */
async function askModel({ model }: Config): Promise<Found> {
  const detail = `${model.provider} ${model.model}${model.provider === 'embedded' ? ' (not an LLM)' : ''}`;
  const base =
    model.provider === 'workers_ai'
      ? `https://api.cloudflare.com/client/v4/accounts/${model.cloudflareAccountId}/ai/v1`
      : (model.baseUrl ?? MODEL_BASES[model.provider]);
  const response = await fetch(`${base}/models`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  await response.body?.cancel();
  if (response.status >= 500) throw new Error(`HTTP ${response.status}`);
  return { detail };
}

/** OPS-1: as the objects have them, so every isolate says the same. None can be told while those do not answer: the hop `objects` says so. */
export const breakersOf = (asked: Asked): Promise<BreakerView[]> =>
  Promise.race([
    controlOf(asked).breakers(),
    new Promise<BreakerView[]>((resolve) => setTimeout(resolve, TIMEOUT_MS, [])),
  ]).catch(() => []);

/** OPS-1: each hop with its latency and last error. */
export async function probeAll(asked: Asked): Promise<Probe[]> {
  const { env, config } = asked;
  const vaultAndStore = credentialsOf(config).health();
  return Promise.all([
    probe('d1', async () => {
      await env.LEDGER.prepare('SELECT 1').first();
      return undefined;
    }),
    probe('ledger', async () => {
      const alarms = await countAlarms(env.LEDGER, asked.caller.tenant);
      return alarms === 0
        ? { detail: 'no integrity alarm' }
        : { status: 'degraded', detail: `${alarms} integrity alarms; see GET /api/ledger/status` };
    }),
    probe('objects', async () => {
      const live = await controlOf(asked).livePipelines();
      return { detail: `${live.length} live pipelines` };
    }),
    probe('error_budget', async () => {
      const found = await controlOf(asked).errorBudget();
      if (!found.ok) throw new Error(found.error.code);
      const { spent, target_permille } = found.value;
      return spent
        ? { status: 'degraded', detail: spent.detail }
        : { detail: `the tenant’s agents keep to ${target_permille / 10} %` };
    }),
    probe('queues', async () => {
      const { backlogCount } = await env.LEDGER_QUEUE.metrics();
      return { detail: `${backlogCount} messages wait for the ledger` };
    }).then((p): Probe => (p.status === 'down' ? { ...p, status: 'unknown' } : p)),
    probe('vault', async () => {
      const { vault } = await vaultAndStore;
      if (!vault.ok) throw new Error(vault.error ? `${vault.state}: ${vault.error}` : vault.state);
      return { detail: vault.state };
    }),
    probe('redis', async () => {
      const { store } = await vaultAndStore;
      if (!store.ok) throw new Error(store.error ?? store.state);
      return { detail: config.store.kind };
    }),
    probe('model', () => askModel(config)),
  ]);
}
