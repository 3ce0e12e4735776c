import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '#client/index.ts';
import { atMost, type Measurement } from '../report.ts';
import { PLATFORM_KEY, type Running, timed } from '../runtime.ts';

/** A tenant may have 100 live pipelines; each here keeps four tokens alive: its own, and those of ALPHA, BETA and GAMMA. */
const PIPELINES = 100;
const TOKENS = 4;
/** Pipelines spawned and filled together; clear of the quota's 120 spawns in one burst. */
const GROUP = 25;
/** Tenants filled side by side: most of a fill is waiting for an answer of object or Vault. More only make the small machine time out. */
const LANES = 3;
const PLAN = `name: bench
version: 1.0.0
tier: 0
objective: Is this renewed?
limits: { deadline_s: 86400, round_s: 3600 }
context:
  - { name: note.md, text: "Nothing here.", media_type: text/markdown, origin: trusted }
`;

export const renewalTenants = (tokens: number): string[] =>
  Array.from({ length: Math.ceil(tokens / (PIPELINES * TOKENS)) }, (_, n) => `renew-${n}`);

interface Counters {
  renewed: number;
  failed: number;
  vault_calls: number;
  object_calls: number;
  messages: number;
}

/** CRED-3: one cron over `tokens` live tokens, all of them due, and a second one beside it that must find nothing to do. */
export async function measureRenewals(
  product: Running,
  tokens: number,
  say: (text: string) => void,
): Promise<Measurement[]> {
  const counters = async (): Promise<Counters> =>
    (await (await fetch(`${product.url}/__bench/counters`)).json()) as Counters;
  const filling = performance.now();
  const live = await fillAll(product, tokens, say);
  const filled = (performance.now() - filling) / 1_000;
  // Half an hour passes: everything is due, nothing has ended.
  await timed(`${product.url}/__bench/clock?ahead_ms=1800000`);
  const idle = resident().all;
  const before = await counters();
  const most = resident();
  const from = performance.now();
  await Promise.all([timed(`${product.url}/__bench/cron`), timed(`${product.url}/__bench/cron`)]);
  for (let now = before; now.renewed - before.renewed < live; now = await counters()) {
    if (performance.now() - from > 600_000)
      throw new Error(`renewed ${now.renewed - before.renewed} of ${live}`);
    const seen = resident();
    most.all = Math.max(most.all, seen.all);
    most.largest = Math.max(most.largest, seen.largest);
    await sleep(200);
  }
  const seconds = (performance.now() - from) / 1_000;
  await sleep(3_000);
  const after = await counters();
  const calls = after.vault_calls - before.vault_calls;
  return [
    atMost('CRED-3', 'live tokens renewed, children too', after.renewed - before.renewed, 'tokens'),
    atMost('CRED-3', 'time for all of them, two crons at once', seconds, 's', 300),
    atMost('CRED-3', 'tokens per second', live / seconds, '/s'),
    atMost('CRED-3', 'calls to Vault per token, both crons together', calls / live, 'calls', 2),
    atMost('CRED-3', 'calls of pipelines', after.object_calls - before.object_calls, 'calls'),
    atMost('CRED-3', 'queue messages', after.messages - before.messages, 'messages'),
    atMost('CRED-3', 'filling the pipelines, not part of it', filled, 's'),
    atMost('CRED-3', 'renewals that failed', after.failed - before.failed, 'tokens', 0),
    ...(idle > 0
      ? [
          atMost('CRED-3', 'memory of all processes, before', idle, 'MB'),
          atMost('CRED-3', 'and at most', most.all, 'MB'),
          atMost('CRED-3', 'of the largest process, at most', most.largest, 'MB'),
        ]
      : []),
  ];
}

/** Answers with the tokens that are alive when all tenants are filled. */
async function fillAll(product: Running, tokens: number, say: (text: string) => void): Promise<number> {
  const waiting = renewalTenants(tokens).map((tenant, n) => ({
    tenant,
    pipelines: Math.min(PIPELINES, Math.ceil(tokens / TOKENS) - n * PIPELINES),
  }));
  let live = 0;
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const filled = await fill(product, next.tenant, next.pipelines);
      // Not `+= await`, which would forget what other lanes have added meanwhile.
      live += filled;
      say(`  ${live} live tokens`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return live;
}

async function fill(product: Running, tenant: string, pipelines: number): Promise<number> {
  const platform = createClient({ baseUrl: product.url, key: PLATFORM_KEY });
  await platform.createTenant({ tenant, name: tenant });
  const { secret } = await platform.bootstrapKey(tenant);
  const client = createClient({ baseUrl: product.url, key: secret });
  let tokens = 0;
  for (let left = pipelines; left > 0; left -= GROUP) {
    const spawned = await Promise.all(
      Array.from({ length: Math.min(GROUP, left) }, () =>
        client.spawn({ plan: { source: PLAN } }, crypto.randomUUID()),
      ),
    );
    const ids = spawned.map((p) => p.pipeline_id).join(',');
    const answer = await fetch(`${product.url}/__bench/live?tenant=${tenant}&ids=${ids}`);
    if (!answer.ok) throw new Error((await answer.text()).slice(0, 300));
    tokens += ((await answer.json()) as { tokens: number }).tokens;
  }
  return tokens;
}

/** Resident memory of this process's workerd children, in MB; 0 where there is no /proc. */
function resident(): { all: number; largest: number } {
  if (!existsSync('/proc/self/status')) return { all: 0, largest: 0 };
  const field = (status: string, name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const children: number[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (field(status, 'PPid') === process.pid) children.push((field(status, 'VmRSS') || 0) / 1_024);
    } catch {
      // It has ended since the folder was read.
    }
  }
  return { all: children.reduce((a, b) => a + b, 0), largest: Math.max(0, ...children) };
}
