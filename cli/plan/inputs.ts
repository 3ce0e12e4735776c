import { resolve } from 'node:path';
import { usageError } from '../exit.ts';
import { readText } from './read.ts';

export type Inputs = Record<string, string | number | boolean>;

/** A value as the plan's declared type wants it; what does not fit goes as text, and the API says what was expected. */
function typed(raw: string, type: string | undefined): string | number | boolean {
  if (type === 'boolean' && (raw === 'true' || raw === 'false')) return raw === 'true';
  if ((type === 'number' || type === 'integer') && raw.trim() !== '' && Number.isFinite(Number(raw))) {
    return Number(raw);
  }
  return raw;
}

/** `k=v`, or `k=@file` for a file's text; `k=@@v` is the text `@v`. */
export function readInputs(pairs: readonly string[], types: Record<string, string>, cwd: string): Inputs {
  const inputs: [string, string | number | boolean][] = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw usageError(`--input ${pair}: expected name=value or name=@file`);
    const name = pair.slice(0, at);
    const value = pair.slice(at + 1);
    if (value.startsWith('@@')) return [name, value.slice(1)];
    if (value.startsWith('@')) return [name, readText(resolve(cwd, value.slice(1)), `--input ${name}:`)];
    return [name, typed(value, types[name])];
  });
  const names = inputs.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice) throw usageError(`--input ${twice} is given twice`);
  return Object.fromEntries(inputs);
}
