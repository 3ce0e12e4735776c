import { utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from '#domain/ledger/base64.ts';
import { formatCheckpoint, parseCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { ed25519Pair, ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import {
  cosign,
  cosignedAt,
  formatKey,
  formatNote,
  parseKey,
  parseNote,
  parseSignature,
  signNote,
  verifierKey,
  verifySignature,
} from '#domain/ledger/log/note.ts';
import { parseTrust, reachesQuorum } from '#domain/ledger/log/trust.ts';

/** The example of the signed-note format's first implementation (Go's sumdb/note). */
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const QUOTE =
  'If you think cryptography is the answer to your problem,\nthen you don’t know what your problem is.\n'.replace(
    '’',
    "'",
  );
const PETERS_LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';

const verifyEd25519 = ed25519Verifier(crypto.subtle);
const keyPairOf = (seed: Uint8Array) => ed25519Pair(crypto.subtle, seed);
const pair = await keyPairOf(new Uint8Array(32).fill(7));
const logKey = verifierKey('ags.test/acme', 'ed25519', pair.publicKey);
const witnessKey = verifierKey('witness.test', 'cosignature', pair.publicKey);

describe('signed notes', () => {
  it('LEDG-2: a note of the format’s own example verifies, and not when a letter changes', async () => {
    const key = parseKey(PETER)!;
    expect(formatKey(key)).toBe(PETER);
    const note = parseNote(formatNote(QUOTE, [PETERS_LINE]))!;
    expect(note.text).toBe(QUOTE);
    expect(await verifySignature(key, note.text, note.signatures[0]!, verifyEd25519)).toBe(true);
    const changed = note.text.replace('you', 'You');
    expect(await verifySignature(key, changed, note.signatures[0]!, verifyEd25519)).toBe(false);
  });

  it('LEDG-2: RFC 8032’s first test vector gives its key and signature', async () => {
    const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (b) => Number.parseInt(b, 16));
    const { publicKey, sign } = await keyPairOf(
      hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'),
    );
    expect(publicKey).toEqual(hex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'));
    expect(await sign(new Uint8Array())).toEqual(
      hex(
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      ),
    );
  });

  it('LEDG-2: a signature counts under its own name, key and text only', async () => {
    const text = formatCheckpoint({ origin: 'ags.test/acme', size: 3, root: new Uint8Array(32) });
    const line = parseSignature(await signNote(logKey, pair.sign, text))!;
    const holds = (key = logKey, over = text) => verifySignature(key, over, line, verifyEd25519);
    expect(await holds()).toBe(true);
    expect(await holds(verifierKey('ags.test/rival', 'ed25519', pair.publicKey))).toBe(false);
    expect(await holds(logKey, text.replace('3', '4'))).toBe(false);
    const other = await keyPairOf(new Uint8Array(32).fill(8));
    expect(await holds(verifierKey('ags.test/acme', 'ed25519', other.publicKey))).toBe(false);
  });

  it('LEDG-2: a cosignature holds with its time, and a signature does not pass for one', async () => {
    const text = formatCheckpoint({ origin: 'ags.test/acme', size: 3, root: new Uint8Array(32) });
    const line = parseSignature(await cosign(witnessKey, pair.sign, text, 1_800_000_000))!;
    expect(cosignedAt(line)).toBe(1_800_000_000);
    expect(await verifySignature(witnessKey, text, line, verifyEd25519)).toBe(true);
    const later = { ...line, signature: Uint8Array.from(line.signature, (b, i) => (i === 7 ? b + 1 : b)) };
    expect(await verifySignature(witnessKey, text, later, verifyEd25519)).toBe(false);
    const plain = parseSignature(await signNote(witnessKey, pair.sign, text))!;
    expect(await verifySignature(witnessKey, text, plain, verifyEd25519)).toBe(false);
  });

  it('LEDG-2: a note has signature lines only, one at least, each with an id and a signature', async () => {
    const text = formatCheckpoint({ origin: 'ags.test/acme', size: 3, root: new Uint8Array(32) });
    const good = await signNote(logKey, pair.sign, text);
    expect(parseNote(formatNote(text, [good, good]))?.signatures).toHaveLength(2);
    const id = toBase64(Uint8Array.of(1, 2, 3, 4));
    const lines = [
      'no line',

      `- ags.test/acme ${id}`,
      `— ags.test/acme ${id}`,
      '— ags.test/acme x',
      `—  ${id}`,
    ];
    for (const wrong of lines) {
      expect([wrong, parseSignature(wrong)]).toEqual([wrong, null]);
      expect([wrong, parseNote(formatNote(text, [good, wrong]))]).toEqual([wrong, null]);
      expect([wrong, parseNote(formatNote(text, [wrong, good]))]).toEqual([wrong, null]);
    }
    expect(parseSignature(`— ags.test/acme ${toBase64(Uint8Array.of(1, 2, 3, 4, 5))}`)).toMatchObject({
      id: '01020304',
    });
    for (const wrong of [text, formatNote(text, []), formatNote(text, [good]).slice(0, -1)])
      expect([wrong, parseNote(wrong)]).toEqual([wrong, null]);
  });

  it('LEDG-2: keys whose id or type is not theirs are no keys', () => {
    expect(parseKey(PETER.replace('c74f20a3', 'c74f20a4'))).toBeNull();
    expect(parseKey(PETER.replace('+ARpc', '+CRpc'))).toBeNull();
    expect(parseKey(`${PETER}=`)).toBeNull();
    expect(parseKey(formatKey(witnessKey))).toEqual(witnessKey);
  });

  it('LEDG-2: a checkpoint is three lines and has one spelling', () => {
    const text = formatCheckpoint({ origin: 'ags.test/acme', size: 12, root: new Uint8Array(32).fill(1) });
    expect(parseCheckpoint(text)).toMatchObject({ origin: 'ags.test/acme', size: 12 });
    for (const wrong of [
      text.replace('12', '012'),
      text.replace('12', '12 '),
      `${text}more\n`,
      text.slice(0, -1),
      text.replace('=', ''),
      text.replace('12', '-1'),
    ])
      expect([wrong, parseCheckpoint(wrong)]).toEqual([wrong, null]);
  });
});

describe('base64', () => {
  it('LEDG-3: bytes have one spelling; every other is refused', () => {
    for (const [plain, coded] of [
      ['', ''],
      ['f', 'Zg=='],
      ['fo', 'Zm8='],
      ['foo', 'Zm9v'],
      ['foobar', 'Zm9vYmFy'],
    ] as const) {
      expect(toBase64(utf8ToBytes(plain))).toBe(coded);
      expect(fromBase64(coded)).toEqual(utf8ToBytes(plain));
    }
    for (const wrong of ['Zg', 'Zg=', 'Zh==', 'Zm9=', 'Zm-v', 'Zm 9', 'Z===', '====', 'Zm9v\n', 'Zg==Zg=='])
      expect([wrong, fromBase64(wrong)]).toEqual([wrong, null]);
  });
});

describe('a trust file', () => {
  const log = formatKey(logKey);
  const witness = formatKey(witnessKey);
  const witnessOf = (n: number) =>
    formatKey(verifierKey(`w${n}.test`, 'cosignature', new Uint8Array(32).fill(n)));

  it('LEDG-3: names logs, witnesses, groups and the quorum', () => {
    const trust = parseTrust(
      `# ours\nlog ${log}\n\nwitness a ${witness}\nwitness b ${witnessOf(1)}\nwitness c ${witnessOf(2)}\ngroup two 2 a b c\nquorum two\n`,
    );
    if (!trust.ok) throw new Error(trust.why);
    expect(trust.value.logs).toEqual([logKey]);
    const { quorum } = trust.value;
    expect(reachesQuorum(quorum, new Set(['a']))).toBe(false);
    expect(reachesQuorum(quorum, new Set(['a', 'c']))).toBe(true);
    expect(reachesQuorum(null, new Set())).toBe(true);
  });

  it('LEDG-3: says which line it does not understand, and never reads a wrong line as less to check', () => {
    const cases: [string, number][] = [
      ['', 1],
      [`log ${witness}\n`, 1],
      [`log ${log}\nwitness a ${log}\n`, 2],
      [`log ${log}\nquorum a\n`, 2],
      [`log ${log}\nwitness a ${witness}\ngroup g 2 a\n`, 3],
      [`log ${log}\nwitness a ${witness}\ngroup g any b\n`, 3],
      [`log ${log}\nquorum none\nquorum none\n`, 3],
      [`log ${log}\nkey ${log}\n`, 2],
      [`log ${log}\nlog ${log}\n`, 2],
      [`log ${log} ${log}\n`, 1],
      [`log ${log}\nwitness a ${witness} b\n`, 2],
      [`log ${log}\nwitness a ${witness}\nwitness b ${witness}\n`, 3],
      [`log ${log}\nwitness a ${witness}\nwitness a ${witnessOf(1)}\n`, 3],
      [`log ${log}\nwitness none ${witness}\n`, 2],
      [`log ${log}\nwitness a ${witness}\nquorum a a\n`, 3],
      [`log ${log}\nwitness a ${witness}\ngroup a any a\n`, 3],
      [`log ${log}\nwitness a ${witness}\ngroup g any\n`, 3],
      ...['0', '1.0', '0x1', '-1', 'some', 'toString'].map((n): [string, number] => [
        `log ${log}\nwitness a ${witness}\ngroup g ${n} a\n`,
        3,
      ]),
      [`witness a ${witness}\n`, 1],
    ];
    for (const [text, line] of cases)
      expect([text, parseTrust(text)]).toMatchObject([text, { ok: false, line }]);
  });
});
