import {
  ApiError,
  type BreakerView,
  type Caller,
  createClient,
  type HealthReport,
  UnreachableError,
} from '#client/index.ts';
import { type Connection, findConnection } from '../connection/connect.ts';
import { isExposed, profilesPath } from '../connection/profiles.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT, type ExitCode } from '../exit.ts';
import { padEnd, printable } from '../terminal/text.ts';
import { defineVerb } from '../verb.ts';

interface Hop {
  name: string;
  status: 'ok' | 'warning' | 'failed' | 'skipped';
  detail: string;
  fix: string | null;
}

/** What to do about a dependency that is down, by the beginning of its name. */
const FIXES: Record<string, string> = {
  vault:
    'Check VAULT_ADDR and the AppRole (VAULT_ROLE_ID, VAULT_SECRET_ID); `vault status` must say unsealed.',
  redis: 'Check UPSTASH_REDIS_REST_URL and its token, or REDIS_URL.',
  store: 'Check UPSTASH_REDIS_REST_URL and its token, or REDIS_URL.',
  model: 'Check MODEL_PROVIDER and MODEL_BASE_URL, and the key at models/<provider> in Vault.',
  d1: 'Apply the migrations: `npm run deploy` does, and so does `npm start` for a local deployment.',
  ledger: 'Apply the migrations: `npm run deploy` does, and so does `npm start` for a local deployment.',
  queue: 'The queues of wrangler.toml must exist; `npm run deploy` creates them.',
};

/** CRED-6: Vault's states, each with its own fix. */
const VAULT_FIXES: Record<string, string> = {
  sealed: 'Unseal it: `vault operator unseal`. Pipelines wait for it, an hour beyond their leases.',
  standby: 'Point VAULT_ADDR at the active node, or let the cluster elect one.',
  slow: 'Look at its load and storage, and at the way there; calls end after 5 s.',
  throttled: 'Raise its rate-limit quota for this client.',
  denying:
    'Apply deploy/vault again (`scripts/vault/provision.ts`), and check VAULT_ROLE_ID and VAULT_SECRET_ID.',
  uninitialized: 'Initialise it: `vault operator init`.',
};

const fixFor = (name: string, detail: string | null): string =>
  (name === 'vault' ? VAULT_FIXES[detail?.split(':')[0] ?? ''] : undefined) ??
  Object.entries(FIXES).find(([start]) => name.toLowerCase().startsWith(start))?.[1] ??
  'See the deployment’s logs.';

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - began) };
}

const ok = (name: string, detail: string): Hop => ({ name, status: 'ok', detail, fix: null });

function configuration(context: Context): { hop: Hop; connection: Connection | null } {
  const path = profilesPath(context.env);
  try {
    const connection = findConnection({ profile: context.profile, env: context.env });
    if (connection.source.startsWith('profile') && isExposed(path)) {
      return {
        connection,
        hop: {
          name: 'configuration',
          status: 'warning',
          detail: `${path} can be read by other users`,
          fix: `chmod 600 ${path}`,
        },
      };
    }
    return { connection, hop: ok('configuration', `${connection.url}, from ${connection.source}`) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return {
      connection: null,
      hop: { name: 'configuration', status: 'failed', detail: error.message, fix: error.hint },
    };
  }
}

async function api({ url }: Connection): Promise<Hop> {
  try {
    const { ms } = await timed(() => createClient({ baseUrl: url, key: '', timeoutMs: 10_000 }).liveness());
    return ok('API', `${url} answers in ${ms} ms`);
  } catch (error) {
    if (error instanceof ApiError) {
      return { name: 'API', status: 'failed', detail: error.problem.detail, fix: error.problem.remedy };
    }
    if (!(error instanceof UnreachableError)) throw error;
    const local = /^https?:\/\/(localhost|127\.|\[::1\])/.test(url);
    return {
      name: 'API',
      status: 'failed',
      detail: error.message,
      fix: local
        ? 'Start it: `npm start`.'
        : 'Check the address (`ags auth login --url …`), VPN and firewall.',
    };
  }
}

async function key(connection: Connection): Promise<{ hop: Hop; caller: Caller | null }> {
  try {
    const caller = await createClient({ baseUrl: connection.url, key: connection.key }).whoami();
    return { caller, hop: ok('key', `${printable(caller.name)}, ${caller.role} of ${caller.tenant}`) };
  } catch (error) {
    const detail = error instanceof ApiError ? error.problem.detail : (error as Error).message;
    return {
      caller: null,
      hop: {
        name: 'key',
        status: 'failed',
        detail,
        fix: 'Sign in again: `ags auth login`; an admin can make a new key.',
      },
    };
  }
}

async function dependencies(connection: Connection): Promise<Hop[]> {
  let report: HealthReport;
  try {
    report = await createClient({ baseUrl: connection.url, key: connection.key }).health();
  } catch (error) {
    const detail = error instanceof ApiError ? error.problem.detail : (error as Error).message;
    return [{ name: 'health', status: 'failed', detail, fix: 'See the deployment’s logs.' }];
  }
  const hops = report.dependencies.map(({ name, status, latency_ms, detail, last_error }) => {
    const said = [
      latency_ms === null ? null : `${latency_ms} ms`,
      detail,
      status === 'up' ? null : last_error,
    ];
    return {
      name,
      status: { up: 'ok', degraded: 'warning', down: 'failed', unknown: 'skipped' }[status] as Hop['status'],
      detail: said
        .filter((part) => part !== null)
        .map((part) => printable(part))
        .join(', '),
      fix: status === 'down' || status === 'degraded' ? fixFor(name, detail) : null,
    };
  });
  return [...hops, ...(report.breakers ?? []).filter((b) => b.state !== 'closed').map(breakerHop)];
}

/** OPS-1: not called at the moment; work that needs it waits. */
const breakerHop = ({ name, state, opened_at, last_error }: BreakerView): Hop => ({
  name: `breaker ${printable(name)}`,
  status: 'warning',
  detail: printable(`${state.replace('_', '-')} since ${opened_at}; ${last_error?.message ?? ''}`),
  fix: 'Nothing, once the dependency answers: it is tried again by itself.',
});

const MARKS = { ok: '✔', warning: '▲', failed: '✘', skipped: '○' } as const;

function exitCodeOf(hops: readonly Hop[]): ExitCode {
  const failed = hops.find((hop) => hop.status === 'failed')?.name;
  if (failed === undefined) return EXIT.ok;
  if (failed === 'configuration') return EXIT.usage;
  return failed === 'key' ? EXIT.refused : EXIT.unreachable;
}

export default defineVerb({
  path: ['doctor'],
  summary: 'Test each hop from here to the model, and get the fix',
  description:
    'Tests the configuration, the API, the key, and every dependency of the deployment (Vault, store, database, queues, model).',
  examples: ['ags doctor', 'ags doctor --profile work --json'],
  async handler(context) {
    const { style } = context.out;
    const hops: Hop[] = [];
    const paint = { ok: style.good, warning: style.caution, failed: style.bad, skipped: style.faint };
    const tell = (hop: Hop) => {
      hops.push(hop);
      if (context.json) return;
      context.out.print(
        `${paint[hop.status](MARKS[hop.status])} ${padEnd(hop.name, 14)} ${hop.status === 'skipped' ? style.faint(hop.detail) : hop.detail}`,
      );
      if (hop.fix) context.out.print(`${' '.repeat(17)}${style.live('fix:')} ${hop.fix}`);
    };
    const { hop, connection } = configuration(context);
    tell(hop);
    if (connection) {
      const reach = await api(connection);
      tell(reach);
      if (reach.status !== 'failed') {
        const who = await key(connection);
        tell(who.hop);
        if (who.caller) for (const dependency of await dependencies(connection)) tell(dependency);
      }
    }
    const failed = hops.filter((one) => one.status === 'failed').length;
    if (context.json) context.emit({ ok: failed === 0, hops }, () => []);
    else
      context.out.print(
        '',
        failed === 0
          ? style.good('All well.')
          : style.bad(`${failed} of ${hops.length} failed; fix the first one first.`),
      );
    return exitCodeOf(hops);
  },
});
