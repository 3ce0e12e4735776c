import type { Command } from './commands.ts';
import type { Keyspace } from './keyspace.ts';
import { globPattern, integer, RedisError, syntaxError } from './reply.ts';

const expire =
  (unit: number, absolute = false): Command['run'] =>
  (space, [key = '', amount = '', ...flags]) => {
    const at = integer(amount) * unit + (absolute ? 0 : space.now());
    const row = space.find(key);
    for (const flag of flags) {
      const name = flag.toUpperCase();
      const current = row?.expires_at ?? null;
      if (!['NX', 'XX', 'GT', 'LT'].includes(name)) throw new RedisError(`ERR Unsupported option ${flag}`);
      if (name === 'NX' && current !== null) return 0;
      if (name === 'XX' && current === null) return 0;
      if (name === 'GT' && (current === null || at <= current)) return 0;
      if (name === 'LT' && current !== null && at >= current) return 0;
    }
    if (!row) return 0;
    space.expire(key, at);
    return 1;
  };

/** -2 without the key, -1 without an expiry. */
function remaining(space: Keyspace, key: string): number {
  const row = space.find(key);
  if (!row) return -2;
  return row.expires_at === null ? -1 : row.expires_at - space.now();
}

const scan: Command['run'] = (space, [cursor = '', ...options]) => {
  const from = /^\d+$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(from)) throw new RedisError('ERR invalid cursor');
  let pattern = /^/;
  let count = 10;
  let type = '';
  for (let at = 0; at < options.length; at += 2) {
    const name = (options[at] ?? '').toUpperCase();
    const value = options[at + 1];
    if (value === undefined) throw syntaxError();
    if (name === 'MATCH') pattern = globPattern(value);
    else if (name === 'COUNT') count = integer(value);
    else if (name === 'TYPE') type = value.toLowerCase();
    else throw syntaxError();
  }
  if (count < 1) throw syntaxError();
  const all = space.keys();
  const page = all.slice(from, from + count);
  const next = from + count < all.length ? String(from + count) : '0';
  return [next, page.filter((key) => pattern.test(key) && (!type || space.find(key)?.type === type))];
};

export const genericCommands: Record<string, Command> = {
  PING: { arity: -1, run: (_, [message]) => message ?? 'PONG' },
  ECHO: { arity: 2, run: (_, [message = '']) => message },
  DEL: { arity: -2, run: (space, keys) => keys.filter((key) => space.delete(key)).length },
  UNLINK: { arity: -2, run: (space, keys) => keys.filter((key) => space.delete(key)).length },
  EXISTS: { arity: -2, run: (space, keys) => keys.filter((key) => space.find(key)).length },
  TYPE: { arity: 2, run: (space, [key = '']) => space.find(key)?.type ?? 'none' },
  EXPIRE: { arity: -3, run: expire(1_000) },
  PEXPIRE: { arity: -3, run: expire(1) },
  EXPIREAT: { arity: -3, run: expire(1_000, true) },
  PEXPIREAT: { arity: -3, run: expire(1, true) },
  TTL: {
    arity: 2,
    run: (space, [key = '']) => {
      const left = remaining(space, key);
      return left < 0 ? left : Math.round(left / 1_000);
    },
  },
  PTTL: { arity: 2, run: (space, [key = '']) => remaining(space, key) },
  PERSIST: {
    arity: 2,
    run: (space, [key = '']) => {
      if (remaining(space, key) < 0) return 0;
      space.expire(key, null);
      return 1;
    },
  },
  KEYS: {
    arity: 2,
    run: (space, [glob = '']) => {
      const pattern = globPattern(glob);
      return space.keys().filter((key) => pattern.test(key));
    },
  },
  SCAN: { arity: -2, run: scan },
  DBSIZE: { arity: 1, run: (space) => space.keys().length },
  FLUSHDB: {
    arity: -1,
    run: (space) => {
      space.flush();
      return 'OK';
    },
  },
  FLUSHALL: {
    arity: -1,
    run: (space) => {
      space.flush();
      return 'OK';
    },
  },
};
