import { bounds } from './collections.ts';
import type { Command } from './commands.ts';
import type { ItemRow, Keyspace } from './keyspace.ts';
import { float, floatText, integer, RedisError, syntaxError } from './reply.ts';

const add: Command['run'] = (space, [key = '', ...args]) => {
  const flags = new Set<string>();
  let at = 0;
  while (['NX', 'XX', 'GT', 'LT', 'CH'].includes((args[at] ?? '').toUpperCase())) {
    flags.add((args[at] ?? '').toUpperCase());
    at += 1;
  }
  const rest = args.slice(at);
  if (rest.length === 0 || rest.length % 2 !== 0 || (flags.has('NX') && flags.has('XX'))) throw syntaxError();
  const entries = Array.from({ length: rest.length / 2 }, (_, index) => ({
    score: float(rest[2 * index] ?? ''),
    member: rest[2 * index + 1] ?? '',
  }));
  space.has(key, 'zset');
  let added = 0;
  let changed = 0;
  for (const { score, member } of entries) {
    const before = space.item(key, member);
    if (before ? flags.has('NX') : flags.has('XX')) continue;
    if (before && flags.has('GT') && score <= before.rank) continue;
    if (before && flags.has('LT') && score >= before.rank) continue;
    space.ensure(key, 'zset');
    if (space.put(key, member, '', score)) added += 1;
    else if (before?.rank !== score) changed += 1;
  }
  return flags.has('CH') ? added + changed : added;
};

/** `5`, `(5`, `-inf`, `+inf`. */
function scoreBound(text: string): { value: number; open: boolean } {
  try {
    return text.startsWith('(')
      ? { value: float(text.slice(1)), open: true }
      : { value: float(text), open: false };
  } catch {
    throw new RedisError('ERR min or max is not a float');
  }
}

const above = (item: ItemRow, { value, open }: ReturnType<typeof scoreBound>) =>
  open ? item.rank > value : item.rank >= value;
const below = (item: ItemRow, { value, open }: ReturnType<typeof scoreBound>) =>
  open ? item.rank < value : item.rank <= value;

function members(space: Keyspace, key: string): ItemRow[] {
  return space.has(key, 'zset') ? space.items(key) : [];
}

const range: Command['run'] = (space, [key = '', start = '', stop = '', ...options]) => {
  const names = options.map((option) => option.toUpperCase());
  let limit: [number, number] | null = null;
  for (let at = 0; at < names.length; at += 1) {
    if (names[at] === 'LIMIT') {
      limit = [integer(options[at + 1] ?? ''), integer(options[at + 2] ?? '')];
      at += 2;
    } else if (!['REV', 'BYSCORE', 'WITHSCORES'].includes(names[at] ?? '')) throw syntaxError();
  }
  const reversed = names.includes('REV');
  let items = members(space, key);
  if (reversed) items = items.reverse();
  if (names.includes('BYSCORE')) {
    const low = scoreBound(reversed ? stop : start);
    const high = scoreBound(reversed ? start : stop);
    items = items.filter((item) => above(item, low) && below(item, high));
    if (limit) items = items.slice(limit[0], limit[1] < 0 ? undefined : limit[0] + limit[1]);
  } else {
    if (limit) {
      throw new RedisError(
        'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
      );
    }
    const [from, to] = bounds(start, stop, items.length);
    items = items.slice(from, Math.max(from, to));
  }
  return names.includes('WITHSCORES')
    ? items.flatMap((item) => [item.field, floatText(item.rank)])
    : items.map((item) => item.field);
};

export const sortedSetCommands: Record<string, Command> = {
  ZADD: { arity: -4, run: add },
  ZRANGE: { arity: -4, run: range },
  ZREM: {
    arity: -3,
    run: (space, [key = '', ...fields]) => (space.has(key, 'zset') ? space.remove(key, fields) : 0),
  },
  ZCARD: { arity: 2, run: (space, [key = '']) => members(space, key).length },
  ZSCORE: {
    arity: 3,
    run: (space, [key = '', member = '']) => {
      const item = space.has(key, 'zset') ? space.item(key, member) : undefined;
      return item ? floatText(item.rank) : null;
    },
  },
  ZREMRANGEBYSCORE: {
    arity: 4,
    run: (space, [key = '', min = '', max = '']) => {
      const [low, high] = [scoreBound(min), scoreBound(max)];
      const gone = members(space, key).filter((item) => above(item, low) && below(item, high));
      return gone.length === 0
        ? 0
        : space.remove(
            key,
            gone.map((item) => item.field),
          );
    },
  },
};
