import type { LedgerKeys, TreeHead, Witness } from '#client/index.ts';
import { parseCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import {
  cosignedAt,
  parseKey,
  parseNote,
  type VerifyEd25519,
  verifySignature,
} from '#domain/ledger/log/note.ts';

const hex = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');

export interface HeadCheck {
  /** The log's own signature holds, and is over what the page shows. */
  log: boolean;
  /** Witnesses whose signature holds, with when they signed (ms since 1970). */
  cosigned: { name: string; at: number | null }[];
  /** Signatures by nobody on record, or that do not hold. */
  bad: string[];
}

/** LEDG-2: a head checked here, against keys that this server gave: that they are the right ones is for a trust file to say. */
export async function checkHead(
  head: TreeHead,
  keys: LedgerKeys,
  witnesses: readonly Witness[],
  verify: VerifyEd25519,
): Promise<HeadCheck> {
  const check: HeadCheck = { log: false, cosigned: [], bad: [] };
  const note = parseNote(head.checkpoint);
  const said = note && parseCheckpoint(note.text);
  if (!note || said?.size !== head.size || hex(said.root) !== head.root) return check;
  for (const signature of note.signatures) {
    const matches = ({ key }: { key: string }) => {
      const parsed = parseKey(key);
      return parsed?.name === signature.name && parsed.id === signature.id;
    };
    const own = keys.keys.find(matches);
    const witness = witnesses.find(matches);
    const key = parseKey(own?.key ?? witness?.key ?? '');
    const holds = key !== null && (await verifySignature(key, note.text, signature, verify));
    if (!holds) check.bad.push(signature.name);
    else if (own) check.log = true;
    else
      check.cosigned.push({ name: witness?.name ?? signature.name, at: secondsToMs(cosignedAt(signature)) });
  }
  return check;
}

const secondsToMs = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1_000);

/** The lines of a trust file: the log's keys, the witnesses', and that any one of these must have signed. */
export function trustFile(keys: LedgerKeys, witnesses: readonly Witness[]): string {
  const lines = witnesses.map(({ name, key }) => `witness ${name} ${key}\n`);
  const quorum =
    witnesses.length === 0
      ? []
      : [`group witnesses any ${witnesses.map(({ name }) => name).join(' ')}\n`, 'quorum witnesses\n'];
  return [keys.trust, ...lines, ...quorum].join('');
}
