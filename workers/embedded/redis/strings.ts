import type { Command } from './commands.ts';
import type { Keyspace } from './keyspace.ts';
import { integer, notAnInteger, RedisError, syntaxError } from './reply.ts';

const VALUE = '';

const read = (space: Keyspace, key: string): string | null =>
  space.has(key, 'string') ? (space.item(key, VALUE)?.value ?? null) : null;

function write(space: Keyspace, key: string, value: string): void {
  space.ensure(key, 'string');
  space.put(key, VALUE, value);
}

interface SetOptions {
  nx: boolean;
  xx: boolean;
  get: boolean;
  keepTtl: boolean;
  expiresAt: number | null;
}

const EXPIRY_UNITS: Record<string, { unit: number; absolute: boolean }> = {
  EX: { unit: 1_000, absolute: false },
  PX: { unit: 1, absolute: false },
  EXAT: { unit: 1_000, absolute: true },
  PXAT: { unit: 1, absolute: true },
};

function setOptions(args: string[], now: number): SetOptions {
  const options: SetOptions = { nx: false, xx: false, get: false, keepTtl: false, expiresAt: null };
  for (let at = 0; at < args.length; at += 1) {
    const name = (args[at] ?? '').toUpperCase();
    const expiry = EXPIRY_UNITS[name];
    if (name === 'NX') options.nx = true;
    else if (name === 'XX') options.xx = true;
    else if (name === 'GET') options.get = true;
    else if (name === 'KEEPTTL') options.keepTtl = true;
    else if (expiry && options.expiresAt === null && at + 1 < args.length) {
      at += 1;
      const amount = integer(args[at] ?? '');
      if (amount <= 0) throw new RedisError("ERR invalid expire time in 'set' command");
      options.expiresAt = amount * expiry.unit + (expiry.absolute ? 0 : now);
    } else throw syntaxError();
  }
  if ((options.nx && options.xx) || (options.keepTtl && options.expiresAt !== null)) throw syntaxError();
  return options;
}

const set: Command['run'] = (space, [key = '', value = '', ...rest]) => {
  const options = setOptions(rest, space.now());
  const before = options.get ? read(space, key) : null;
  const kept = space.find(key);
  if ((options.nx && kept) || (options.xx && !kept)) return options.get ? before : null;
  space.delete(key);
  write(space, key, value);
  space.expire(key, options.keepTtl ? (kept?.expires_at ?? null) : options.expiresAt);
  return options.get ? before : 'OK';
};

function add(space: Keyspace, key: string, by: number): number {
  const sum = integer(read(space, key) ?? '0') + by;
  if (!Number.isSafeInteger(sum)) throw notAnInteger();
  write(space, key, String(sum));
  return sum;
}

export const stringCommands: Record<string, Command> = {
  SET: { arity: -3, run: set },
  GET: { arity: 2, run: (space, [key = '']) => read(space, key) },
  GETDEL: {
    arity: 2,
    run: (space, [key = '']) => {
      const value = read(space, key);
      space.delete(key);
      return value;
    },
  },
  MGET: {
    arity: -2,
    run: (space, keys) => keys.map((key) => (space.find(key)?.type === 'string' ? read(space, key) : null)),
  },
  STRLEN: {
    arity: 2,
    run: (space, [key = '']) => new TextEncoder().encode(read(space, key) ?? '').byteLength,
  },
  INCR: { arity: 2, run: (space, [key = '']) => add(space, key, 1) },
  DECR: { arity: 2, run: (space, [key = '']) => add(space, key, -1) },
  INCRBY: { arity: 3, run: (space, [key = '', by = '']) => add(space, key, integer(by)) },
  DECRBY: { arity: 3, run: (space, [key = '', by = '']) => add(space, key, -integer(by)) },
};
