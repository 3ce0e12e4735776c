import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { CONTROL_CHAIN, hashOfLeaf, type LogLeaf } from './leaf.ts';
import { consistencyProof, leavesOf, treeRoot, verifyConsistency } from './merkle.ts';
import { parseNote, type VerifyEd25519, verifySignature } from './note.ts';
import { reachesQuorum, type Trust } from './trust.ts';

export interface ReadHead {
  checkpoint: Checkpoint;
  /** Names, in the trust file, of witnesses that have signed. */
  witnesses: string[];
}

/** A signed head that the verifier may believe; otherwise why not. */
export async function readHead(
  note: string,
  trust: Trust,
  verify: VerifyEd25519,
): Promise<{ ok: true; value: ReadHead } | { ok: false; why: string }> {
  const parsed = parseNote(note);
  const checkpoint = parsed && parseCheckpoint(parsed.text);
  if (!parsed || !checkpoint) return { ok: false, why: 'it is not a checkpoint' };
  let trusted = false;
  const witnesses: string[] = [];
  for (const line of parsed.signatures) {
    for (const key of trust.logs) {
      if (key.name !== checkpoint.origin || key.name !== line.name || key.id !== line.id) continue;
      if (!(await verifySignature(key, parsed.text, line, verify)))
        return { ok: false, why: 'the log’s signature does not hold' };
      trusted = true;
    }
    for (const [name, key] of trust.witnesses) {
      if (key.name !== line.name || key.id !== line.id) continue;
      if (!(await verifySignature(key, parsed.text, line, verify)))
        return { ok: false, why: `the signature of the witness ${name} does not hold` };
      witnesses.push(name);
    }
  }
  if (!trusted) return { ok: false, why: `no trusted key has signed it for ${checkpoint.origin}` };
  if (!reachesQuorum(trust.quorum, new Set(witnesses)))
    return { ok: false, why: `too few trusted witnesses have signed it: ${witnesses.join(', ') || 'none'}` };
  return { ok: true, value: { checkpoint, witnesses } };
}

export interface LogAudit {
  /** The leaves are those that the head is signed over. */
  matches: boolean;
  /** The older head, if one was given, is the beginning of this log. */
  extends: boolean | null;
  pipelines: number;
  /** Numbers up to the highest that no leaf has: pipelines that were admitted and are not in the log. */
  missing: number[];
  /** Chains whose leaves contradict each other: one number for two pipelines, two for one, or one event with two hashes. */
  contradictions: string[];
}

/** LEDG-2: recomputes a log from its leaves, all of them, and looks at what the numbers say. */
export function auditLog(leaves: readonly LogLeaf[], head: Checkpoint, before: Checkpoint | null): LogAudit {
  const hashes = leavesOf(leaves.map(hashOfLeaf));
  const matches =
    leaves.length === head.size && treeRoot(hashes, leaves.length).every((byte, i) => byte === head.root[i]);
  const contradictions = new Set<string>();
  const chainOf = new Map<number, string>();
  const numberOf = new Map<string, number>();
  const hashOf = new Map<string, string>();
  const first = <K, V>(map: Map<K, V>, key: K, value: V): V => {
    if (!map.has(key)) map.set(key, value);
    return map.get(key) ?? value;
  };
  for (const { chain, number, seq, hash } of leaves) {
    if (first(numberOf, chain, number) !== number) contradictions.add(`${chain} has two numbers`);
    if (first(hashOf, `${chain} ${seq}`, hash) !== hash)
      contradictions.add(`${chain} has two hashes for event ${seq}`);
    if (chain === CONTROL_CHAIN) continue;
    const other = first(chainOf, number, chain);
    if (other !== chain) contradictions.add(`${other} and ${chain} have number ${number}`);
  }
  // Not Math.max(...): a call takes no more than some hundred thousand arguments, and a tenant may have more pipelines.
  let highest = 0;
  for (const number of chainOf.keys()) highest = Math.max(highest, number);
  return {
    matches,
    extends:
      before === null
        ? null
        : before.size <= leaves.length &&
          verifyConsistency(
            before,
            { size: leaves.length, root: treeRoot(hashes, leaves.length) },
            consistencyProof(hashes, before.size, leaves.length),
          ),
    pipelines: chainOf.size,
    missing: Array.from({ length: highest }, (_, i) => i + 1).filter((n) => !chainOf.has(n)),
    contradictions: [...contradictions],
  };
}
