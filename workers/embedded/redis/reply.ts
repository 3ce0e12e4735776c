/** A Redis reply as Upstash's REST API carries it in JSON. */
export type Reply = string | number | null | Reply[];

/** A command that fails with Redis's own wording; over REST it is `{"error": "ERR …"}`. */
export class RedisError extends Error {}

export const syntaxError = () => new RedisError('ERR syntax error');
export const notAnInteger = () => new RedisError('ERR value is not an integer or out of range');
export const notAFloat = () => new RedisError('ERR value is not a valid float');
export const wrongType = () =>
  new RedisError('WRONGTYPE Operation against a key holding the wrong kind of value');
export const wrongArity = (command: string) =>
  new RedisError(`ERR wrong number of arguments for '${command.toLowerCase()}' command`);

/** A signed 64-bit integer in Redis; here within JavaScript's safe range, which JSON numbers share. */
export function integer(text: string): number {
  const value = /^-?(0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw notAnInteger();
  return value;
}

export function float(text: string): number {
  const value = /^[+-]?inf(inity)?$/i.test(text)
    ? Number(text.startsWith('-') ? -Infinity : Infinity)
    : text.trim() === ''
      ? Number.NaN
      : Number(text);
  if (Number.isNaN(value)) throw notAFloat();
  return value;
}

export const floatText = (value: number): string =>
  value === Infinity ? 'inf' : value === -Infinity ? '-inf' : String(value);

const literal = (char: string): string => char.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** `*`, `?`, `[abc]`, `[^a]`, `[a-z]` and `\x` of Redis patterns, as a regular expression. */
export function globPattern(glob: string): RegExp {
  let source = '';
  for (let at = 0; at < glob.length; at += 1) {
    const char = glob[at] ?? '';
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '[' && glob.indexOf(']', at) > at) {
      const end = glob.indexOf(']', at);
      const inner = glob.slice(at + 1, end).replaceAll('\\', '\\\\');
      source += `[${inner}]`;
      at = end;
    } else if (char === '\\' && at + 1 < glob.length) {
      at += 1;
      source += literal(glob[at] ?? '');
    } else source += literal(char);
  }
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    // A class such as `[z-a]` is no regular expression; in Redis it matches nothing.
    return /(?!)/;
  }
}
