import { describe, expect, it } from 'vitest';
import { auditLog, readHead } from '#domain/ledger/log/audit.ts';
import { type Checkpoint, formatCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { ed25519Pair, ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import { CONTROL_CHAIN, hashOfLeaf, type LogLeaf } from '#domain/ledger/log/leaf.ts';
import { leavesOf, treeRoot } from '#domain/ledger/log/merkle.ts';
import { cosign, formatNote, signNote, verifierKey } from '#domain/ledger/log/note.ts';
import type { Trust } from '#domain/ledger/log/trust.ts';

const leaf = (chain: string, number: number, seq: number, hash = `${chain}${seq}`): LogLeaf => ({
  chain,
  number,
  seq,
  hash,
});
const headOf = (leaves: readonly LogLeaf[]): Checkpoint => ({
  origin: 'ags.test/acme',
  size: leaves.length,
  root: treeRoot(leavesOf(leaves.map(hashOfLeaf)), leaves.length),
});
const audit = (leaves: readonly LogLeaf[], before: Checkpoint | null = null) =>
  auditLog(leaves, headOf(leaves), before);

describe('an audit of a log', () => {
  const leaves = [
    leaf(CONTROL_CHAIN, 0, 1),
    leaf('pl_a', 1, 9),
    leaf(CONTROL_CHAIN, 0, 4),
    leaf('pl_c', 3, 7),
    leaf('pl_a', 1, 12),
  ];

  it('LEDG-2: finds a whole log good, and names the numbers that are not in it', () => {
    expect(audit(leaves)).toEqual({
      matches: true,
      extends: null,
      pipelines: 2,
      missing: [2],
      contradictions: [],
    });
    expect(audit([])).toMatchObject({ matches: true, pipelines: 0, missing: [] });
    expect(audit([leaf('pl_b', 2, 1), leaf('pl_a', 1, 1)])).toMatchObject({ missing: [] });
  });

  it('LEDG-2: a leaf that is changed, left out or added does not give the signed root', () => {
    const head = headOf(leaves);
    for (const [what, other] of [
      ['changed', leaves.with(2, leaf(CONTROL_CHAIN, 0, 5))],
      ['left out', leaves.slice(1)],
      ['added', [...leaves, leaf('pl_b', 2, 1)]],
      ['in another order', leaves.toReversed()],
    ] as const)
      expect([what, auditLog(other, head, null).matches]).toEqual([what, false]);
  });

  it('LEDG-2: says whether an older head is the beginning of this log', () => {
    for (let n = 0; n <= leaves.length; n++)
      expect(audit(leaves, headOf(leaves.slice(0, n))).extends).toBe(true);
    expect(audit(leaves, headOf([leaf('pl_z', 1, 1), ...leaves.slice(1, 3)])).extends).toBe(false);
    expect(audit(leaves.slice(0, 2), headOf(leaves)).extends).toBe(false);
  });

  it('LEDG-2: names chains that contradict each other: by number, or by an event with two hashes', () => {
    const say = (...more: LogLeaf[]) => audit([...leaves, ...more]).contradictions;
    expect(say(leaf('pl_b', 3, 1))).toEqual(['pl_c and pl_b have number 3']);
    expect(say(leaf('pl_a', 2, 13))).toEqual(['pl_a has two numbers']);
    expect(say(leaf('pl_a', 1, 12, 'forged'))).toEqual(['pl_a has two hashes for event 12']);
    expect(say(leaf(CONTROL_CHAIN, 0, 4, 'forged'))).toEqual(['control has two hashes for event 4']);
    expect(say(leaf('pl_a', 1, 12))).toEqual([]);
  });

  it('LEDG-2: reads the log of a tenant with more pipelines than a call takes arguments', () => {
    const many = Array.from({ length: 200_000 }, (_, i) => leaf(`pl_${i}`, i + 1, 1));
    expect(auditLog(many, { ...headOf([]), size: many.length }, null)).toMatchObject({
      pipelines: many.length,
      missing: [],
    });
  }, 60_000);
});

describe('a signed head', async () => {
  const verify = ed25519Verifier(crypto.subtle);
  const pairs = await Promise.all(
    [1, 2, 3].map((n) => ed25519Pair(crypto.subtle, new Uint8Array(32).fill(n))),
  );
  const [log, one, rival] = pairs.map(({ publicKey, sign }, i) => ({
    sign,
    key: verifierKey(i === 1 ? 'w.test' : 'ags.test/acme', i === 1 ? 'cosignature' : 'ed25519', publicKey),
  }));
  const trust: Trust = {
    logs: [log!.key],
    witnesses: new Map([['one', one!.key]]),
    quorum: { witness: 'one' },
  };
  const text = formatCheckpoint({ ...headOf([]), size: 3 });
  const byLog = await signNote(log!.key, log!.sign, text);
  const byOne = await cosign(one!.key, one!.sign, text, 1_800_000_000);
  const byRival = await signNote(rival!.key, rival!.sign, text);
  const read = (lines: string[], by = trust, over = text) => readHead(formatNote(over, lines), by, verify);

  it('LEDG-2: is believed when a trusted key has signed it and enough witnesses have seen it', async () => {
    expect(await read([byRival, byLog, byOne])).toEqual({
      ok: true,
      value: { checkpoint: { ...headOf([]), size: 3 }, witnesses: ['one'] },
    });
    expect(await read([byLog], { ...trust, quorum: null })).toMatchObject({ value: { witnesses: [] } });
  });

  it.each([
    ['nobody that is trusted', () => read([byRival, byOne]), 'no trusted key'],
    ['too few witnesses', () => read([byLog]), 'too few'],
    [
      'another text',
      () => read([byLog, byOne], trust, text.replace('\n3\n', '\n4\n')),
      'the log’s signature',
    ],
    [
      'a witness of another text',
      async () => {
        const other = text.replace('\n3\n', '\n4\n');
        return read([await signNote(log!.key, log!.sign, other), byOne], trust, other);
      },
      'the signature of the witness one',
    ],
    [
      'the same key for another log',
      async () => {
        const other = text.replace('acme', 'rival');
        return read([await signNote(log!.key, log!.sign, other)], { ...trust, quorum: null }, other);
      },
      'no trusted key has signed it for ags.test/rival',
    ],
    ['what is no checkpoint', () => read([byLog], trust, `${text}more\n`), 'not a checkpoint'],
  ] as const)('LEDG-2: is refused when signed by %s', async (_, refused, why) => {
    const head = await refused();
    expect(head).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });
});
