import { toBase64 } from '../base64.ts';
import { parseKey, type VerifierKey } from './note.ts';

/** What a verifier believes before it reads anything: keys of logs, keys of witnesses, and how many of these must have signed. */
export interface Trust {
  logs: VerifierKey[];
  witnesses: Map<string, VerifierKey>;
  /** null: no witness is needed. */
  quorum: Quorum | null;
}

/** A witness by name, or a number of members of a group. */
type Quorum = { witness: string } | { needed: number; of: Quorum[]; name: string };

export type TrustResult = { ok: true; value: Trust } | { ok: false; line: number; why: string };

const THRESHOLDS = new Map<string, (members: number) => number>([
  ['any', () => 1],
  ['all', (members) => members],
]);

/** How many words a line has; a group has as many as it has members. */
const WORDS: Partial<Record<string, number>> = { log: 2, witness: 3, quorum: 2 };

/**
 * Reads a trust file, in the words of C2SP tlog-policy: `log KEY`, `witness NAME KEY`, `group NAME any|all|N MEMBER…`,
 * `quorum NAME|none`. Empty lines and lines that begin with `#` say nothing. Names stand before their use, and no key twice: one
 * signature must not count for two witnesses, and a name and id mean one key.
 */
export function parseTrust(text: string): TrustResult {
  const trust: Trust = { logs: [], witnesses: new Map(), quorum: null };
  const named = new Map<string, Quorum>();
  let chosen = false;
  for (const [i, raw] of text.split('\n').entries()) {
    const words = raw
      .trim()
      .split(/\s+/)
      .filter((w) => w !== '');
    const [word, ...rest] = words;
    if (word === undefined || word.startsWith('#')) continue;
    const refuse = (why: string): TrustResult => ({ ok: false, line: i + 1, why });
    if (words.length !== (WORDS[word] ?? words.length)) return refuse(`\`${word}\` has ${WORDS[word]} words`);
    if (word === 'log') {
      const key = parseKey(rest[0] ?? '');
      if (key?.type !== 'ed25519') return refuse('`log` is followed by a log’s key: name+id+base64');
      if (trust.logs.some((k) => k.name === key.name && k.id === key.id))
        return refuse('this key stands above');
      trust.logs.push(key);
    } else if (word === 'witness') {
      const key = parseKey(rest[1] ?? '');
      const [name = ''] = rest;
      if (key?.type !== 'cosignature') return refuse('`witness` is followed by a name and a witness’s key');
      if (named.has(name) || name === 'none') return refuse(`the name ${name} is taken`);
      const coded = toBase64(key.publicKey);
      if ([...trust.witnesses.values()].some((k) => toBase64(k.publicKey) === coded))
        return refuse('this key stands above');
      trust.witnesses.set(name, key);
      named.set(name, { witness: name });
    } else if (word === 'group') {
      const [name = '', threshold = '', ...members] = rest;
      if (name === '' || named.has(name) || name === 'none') return refuse(`the name “${name}” is taken`);
      const of = members.map((m) => named.get(m));
      if (of.includes(undefined) || of.length === 0)
        return refuse('a group’s members stand above it, and there is at least one');
      const needed =
        THRESHOLDS.get(threshold)?.(of.length) ?? (/^[1-9]\d{0,5}$/.test(threshold) ? Number(threshold) : 0);
      if (needed < 1 || needed > of.length) return refuse(`the group needs any, all, or 1 to ${of.length}`);
      named.set(name, { name, needed, of: of as Quorum[] });
    } else if (word === 'quorum') {
      const [name = ''] = rest;
      const found = named.get(name);
      if (chosen || (name !== 'none' && !found))
        return refuse('one `quorum`, with a name from above or `none`');
      trust.quorum = found ?? null;
      chosen = true;
    } else return refuse(`“${word}” is not log, witness, group or quorum`);
  }
  if (trust.logs.length === 0) return { ok: false, line: 1, why: 'it names no log key' };
  return { ok: true, value: trust };
}

/** Whether the witnesses that have signed, by name, are enough. */
export const reachesQuorum = (quorum: Quorum | null, signed: ReadonlySet<string>): boolean => {
  if (quorum === null) return true;
  if ('witness' in quorum) return signed.has(quorum.witness);
  return quorum.of.filter((member) => reachesQuorum(member, signed)).length >= quorum.needed;
};
