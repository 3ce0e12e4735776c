import type { Command } from './commands.ts';
import type { Keyspace } from './keyspace.ts';
import { integer, notAnInteger, RedisError, wrongArity } from './reply.ts';

function pairs(command: string, args: string[]): [string, string][] {
  if (args.length === 0 || args.length % 2 !== 0) throw wrongArity(command);
  return Array.from({ length: args.length / 2 }, (_, index) => [
    args[2 * index] ?? '',
    args[2 * index + 1] ?? '',
  ]);
}

/** `start stop` of LRANGE and ZRANGE, negative ones counted from the end, as bounds for `slice`. */
export function bounds(start: string, stop: string, length: number): [number, number] {
  const from = integer(start);
  const to = integer(stop);
  return [Math.max(0, from < 0 ? length + from : from), to < 0 ? length + to + 1 : to + 1];
}

const hashCommands: Record<string, Command> = {
  HSET: {
    arity: -4,
    run: (space, [key = '', ...rest]) => {
      const fields = pairs('hset', rest);
      space.ensure(key, 'hash');
      return fields.filter(([field, value]) => space.put(key, field, value)).length;
    },
  },
  HGET: {
    arity: 3,
    run: (space, [key = '', field = '']) =>
      space.has(key, 'hash') ? (space.item(key, field)?.value ?? null) : null,
  },
  HMGET: {
    arity: -3,
    run: (space, [key = '', ...fields]) =>
      space.has(key, 'hash')
        ? fields.map((field) => space.item(key, field)?.value ?? null)
        : fields.map(() => null),
  },
  HGETALL: {
    arity: 2,
    run: (space, [key = '']) =>
      space.has(key, 'hash') ? space.items(key).flatMap((item) => [item.field, item.value]) : [],
  },
  HDEL: {
    arity: -3,
    run: (space, [key = '', ...fields]) => (space.has(key, 'hash') ? space.remove(key, fields) : 0),
  },
  HEXISTS: {
    arity: 3,
    run: (space, [key = '', field = '']) => (space.has(key, 'hash') && space.item(key, field) ? 1 : 0),
  },
  HLEN: { arity: 2, run: (space, [key = '']) => (space.has(key, 'hash') ? space.count(key) : 0) },
  HKEYS: {
    arity: 2,
    run: (space, [key = '']) => (space.has(key, 'hash') ? space.items(key).map((item) => item.field) : []),
  },
  HINCRBY: {
    arity: 4,
    run: (space, [key = '', field = '', by = '']) => {
      const amount = integer(by);
      space.ensure(key, 'hash');
      const before = space.item(key, field)?.value ?? '0';
      if (!/^-?\d+$/.test(before)) throw new RedisError('ERR hash value is not an integer');
      const sum = Number(before) + amount;
      if (!Number.isSafeInteger(sum)) throw notAnInteger();
      space.put(key, field, String(sum));
      return sum;
    },
  },
};

const setCommands: Record<string, Command> = {
  SADD: {
    arity: -3,
    run: (space, [key = '', ...members]) => {
      space.ensure(key, 'set');
      return members.filter((member) => space.put(key, member, '')).length;
    },
  },
  SREM: {
    arity: -3,
    run: (space, [key = '', ...members]) => (space.has(key, 'set') ? space.remove(key, members) : 0),
  },
  SMEMBERS: {
    arity: 2,
    run: (space, [key = '']) => (space.has(key, 'set') ? space.items(key).map((item) => item.field) : []),
  },
  SISMEMBER: {
    arity: 3,
    run: (space, [key = '', member = '']) => (space.has(key, 'set') && space.item(key, member) ? 1 : 0),
  },
  SCARD: { arity: 2, run: (space, [key = '']) => (space.has(key, 'set') ? space.count(key) : 0) },
};

/** Positions grow at the right end and shrink at the left; a list item's field is its position as text. */
function push(space: Keyspace, key: string, values: string[], left: boolean): number {
  space.ensure(key, 'list');
  const items = space.items(key);
  let position = (left ? items[0]?.rank : items.at(-1)?.rank) ?? 0;
  for (const value of values) {
    position += left ? -1 : 1;
    space.put(key, String(position), value, position);
  }
  return items.length + values.length;
}

function pop(space: Keyspace, key: string, left: boolean): string | null {
  if (!space.has(key, 'list')) return null;
  const items = space.items(key);
  const item = left ? items[0] : items.at(-1);
  if (!item) return null;
  space.remove(key, [item.field]);
  return item.value;
}

const listCommands: Record<string, Command> = {
  LPUSH: { arity: -3, run: (space, [key = '', ...values]) => push(space, key, values, true) },
  RPUSH: { arity: -3, run: (space, [key = '', ...values]) => push(space, key, values, false) },
  LPOP: { arity: 2, run: (space, [key = '']) => pop(space, key, true) },
  RPOP: { arity: 2, run: (space, [key = '']) => pop(space, key, false) },
  LLEN: { arity: 2, run: (space, [key = '']) => (space.has(key, 'list') ? space.count(key) : 0) },
  LRANGE: {
    arity: 4,
    run: (space, [key = '', start = '', stop = '']) => {
      const items = space.has(key, 'list') ? space.items(key) : [];
      const [from, to] = bounds(start, stop, items.length);
      return items.slice(from, Math.max(from, to)).map((item) => item.value);
    },
  },
  LTRIM: {
    arity: 4,
    run: (space, [key = '', start = '', stop = '']) => {
      if (!space.has(key, 'list')) return 'OK';
      const items = space.items(key);
      const [from, to] = bounds(start, stop, items.length);
      const kept = new Set(items.slice(from, Math.max(from, to)));
      space.remove(
        key,
        items.filter((item) => !kept.has(item)).map((item) => item.field),
      );
      return 'OK';
    },
  },
};

export const collectionCommands = { ...hashCommands, ...setCommands, ...listCommands };
