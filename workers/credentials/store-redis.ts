import { ok, type Result } from '#domain/result.ts';
import { type CredentialError, failure } from './errors.ts';
import { type Connect, exchange, type RespReply, type RespSocket } from './resp.ts';
import type { SealedStore } from './store.ts';

const TIMEOUT_MS = 3_000;
const DEFAULT_PORT = 6379;

/** Only workerd has this module; Node's tests give their own `connect`. */
async function workersConnect(): Promise<Connect> {
  const { connect } = await import(/* @vite-ignore */ 'cloudflare:sockets');
  return connect;
}

const unavailable = (what: string) =>
  failure('store_unavailable', `the store does not answer as it should; could not ${what}`);

const isError = (reply: RespReply): reply is { error: string } =>
  typeof reply === 'object' && reply !== null && !Array.isArray(reply);

/**
 * Redis or DragonflyDB over TCP, `redis[s]://[user:password@]host[:port][/database]`. One connection per call: in Workers a socket
 * belongs to the request that opened it. Our own few lines of RESP, because `redis-on-workers` drops the user name, leaves
 * replies pending for ever when the connection closes, and throws a refused connection where nobody can catch it.
 */
export function createRedisStore(config: {
  url: string;
  timeout_ms?: number;
  connect?: Connect;
}): SealedStore {
  const url = new URL(config.url);
  const address = { hostname: url.hostname, port: Number(url.port) || DEFAULT_PORT };
  const secureTransport = url.protocol === 'rediss:' ? 'on' : 'off';
  const password = decodeURIComponent(url.password);
  const username = decodeURIComponent(url.username);
  const database = url.pathname.slice(1);
  const preamble: string[][] = [];
  if (password) preamble.push(username ? ['AUTH', username, password] : ['AUTH', password]);
  if (database) preamble.push(['SELECT', database]);

  async function command(what: string, words: string[]): Promise<Result<RespReply, CredentialError>> {
    let socket: RespSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | null = null;
    try {
      const connect = config.connect ?? (await workersConnect());
      socket = connect(address, { secureTransport, allowHalfOpen: false });
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(resolve, config.timeout_ms ?? TIMEOUT_MS, null);
      });
      const replies = await Promise.race([exchange(socket, [...preamble, words]), late]);
      if (!replies)
        return failure('store_unavailable', `the store did not answer in time; could not ${what}`);
      const refused = replies.find(isError);
      if (refused) {
        const denied = /^(NOAUTH|WRONGPASS|NOPERM|ERR AUTH|ERR Client sent AUTH)/.test(refused.error);
        return denied
          ? failure('store_unavailable', `the store refuses its credentials; could not ${what}`, {
              retryable: false,
            })
          : unavailable(what);
      }
      return ok(replies.at(-1) ?? null);
    } catch {
      return unavailable(what);
    } finally {
      if (timer !== null) clearTimeout(timer);
      await socket?.close().catch(() => undefined);
    }
  }

  return {
    async put(key, value, ttl_s) {
      const what = 'keep a sealed token';
      const done = await command(what, ['SET', key, value, 'EX', String(ttl_s)]);
      if (!done.ok) return done;
      return done.value === 'OK' ? ok(undefined) : unavailable(what);
    },
    async get(key) {
      const what = 'read a sealed token';
      const found = await command(what, ['GET', key]);
      if (!found.ok) return found;
      return found.value === null || typeof found.value === 'string' ? ok(found.value) : unavailable(what);
    },
    async delete(keys) {
      if (keys.length === 0) return ok(undefined);
      const done = await command('delete sealed tokens', ['DEL', ...keys]);
      return done.ok ? ok(undefined) : done;
    },
  };
}
