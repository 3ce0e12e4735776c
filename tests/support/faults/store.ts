import type { Fault } from './line.ts';

export const STORE = /POST \/redis\/?$/;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What was asked of the store, in Upstash's words. */
interface Asked {
  command: string;
  key: string;
  /** Every value that was ever set under this key, as far as the line saw it, the newest last. */
  history: string[];
  /** The newest values under other keys. */
  others: string[];
}

/** A store that answers GET and SET with what `lie` says; undefined: the truth. What it is told to keep it remembers, all of it. */
export function lyingStore(
  lie: (asked: Asked) => unknown | Promise<unknown>,
  memory: Map<string, string[]> = new Map(),
): Fault {
  return async (request, pass) => {
    const [command = '', key = '', value = ''] = (await request.clone().json()) as string[];
    const verb = command.toUpperCase();
    if (verb === 'SET') memory.set(key, [...(memory.get(key) ?? []), value]);
    const others = [...memory].flatMap(([name, values]) => (name === key ? [] : values.slice(-1)));
    const said = await lie({ command: verb, key, history: memory.get(key) ?? [], others });
    if (said === undefined) return pass();
    return Response.json({ result: typeof said === 'string' && said !== 'OK' ? base64(said) : said });
  };
}

/** Lies about what lies under agents' keys, and about nothing else. */
export const aboutAgents =
  (lie: (asked: Asked) => unknown | Promise<unknown>) =>
  (asked: Asked): unknown =>
    asked.command === 'GET' && asked.key.includes(':agent:') ? lie(asked) : undefined;
