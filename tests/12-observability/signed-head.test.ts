import { beforeAll, describe, expect, it } from 'vitest';
import type { LedgerKeys, TreeHead, Witness } from '#client/index.ts';
import { formatCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { ed25519Pair, ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import { cosign, formatKey, formatNote, signNote, verifierKey } from '#domain/ledger/log/note.ts';
import { parseTrust } from '#domain/ledger/log/trust.ts';
import { checkHead, trustFile } from '../../pages/src/models/signed-head.ts';

const ORIGIN = 'ags.test/acme';
const AT = 1_790_000_000;
const root = new Uint8Array(32).fill(7);
const verify = ed25519Verifier(crypto.subtle);
const pair = (n: number) => ed25519Pair(crypto.subtle, new Uint8Array(32).fill(n));

let keys: LedgerKeys;
let witnesses: Witness[];
let head: TreeHead;
let strangers: string;
beforeAll(async () => {
  const [log, one, stranger] = [await pair(1), await pair(2), await pair(3)];
  const logKey = verifierKey(ORIGIN, 'ed25519', log.publicKey);
  const oneKey = verifierKey('witness.test', 'cosignature', one.publicKey);
  const body = formatCheckpoint({ origin: ORIGIN, size: 5, root });
  const signature = await signNote(logKey, log.sign, body);
  const cosignature = await cosign(oneKey, one.sign, body, AT);
  strangers = await cosign(
    verifierKey('stranger.test', 'cosignature', stranger.publicKey),
    stranger.sign,
    body,
    AT,
  );
  keys = {
    origin: ORIGIN,
    keys: [
      {
        ...{ kid: 'l1', key_id: logKey.id, algorithm: 'Ed25519', key: formatKey(logKey) },
        public_key: '',
        signs: true,
      },
    ],
    trust: `log ${formatKey(logKey)}\n`,
  };
  witnesses = [
    {
      name: 'auditor-1',
      key: formatKey(oneKey),
      added_by: 'person:ps_1',
      added_at: '2026-11-30T12:00:00.000Z',
    },
  ];
  head = {
    origin: ORIGIN,
    size: 5,
    root: '07'.repeat(32),
    checkpoint: formatNote(body, [signature, cosignature]),
    cosigned_by: ['witness.test'],
  };
});

describe('a signed head on its page', () => {
  it('LEDG-2: the log’s signature and its witnesses’ are checked, by the names that the tenant gave them', async () => {
    expect(await checkHead(head, keys, witnesses, verify)).toEqual({
      log: true,
      cosigned: [{ name: 'auditor-1', at: AT * 1_000 }],
      bad: [],
    });
  });

  it('LEDG-2: another size or root than the note’s, a stranger’s line and a changed signature are not taken', async () => {
    for (const other of [{ size: 6 }, { root: '08'.repeat(32) }, { checkpoint: 'nothing' }])
      expect((await checkHead({ ...head, ...other }, keys, witnesses, verify)).log).toBe(false);
    const more = { ...head, checkpoint: `${head.checkpoint}${strangers}\n` };
    expect(await checkHead(more, keys, witnesses, verify)).toMatchObject({
      log: true,
      bad: ['stranger.test'],
    });
    const body = formatCheckpoint({ origin: ORIGIN, size: 6, root });
    const [, lines] = head.checkpoint.split('\n\n');
    const moved = { ...head, size: 6, checkpoint: `${body}\n${lines}` };
    expect(await checkHead(moved, keys, witnesses, verify)).toMatchObject({
      log: false,
      cosigned: [],
      bad: [ORIGIN, 'witness.test'],
    });
  });

  it('LEDG-2 LEDG-3: the trust file is one that a verifier reads; with witnesses it asks for one of them', () => {
    const alone = parseTrust(trustFile(keys, []));
    expect(alone.ok && [alone.value.logs.length, alone.value.quorum]).toEqual([1, null]);
    const both = parseTrust(trustFile(keys, witnesses));
    expect(both.ok && [...both.value.witnesses.keys()]).toEqual(['auditor-1']);
    expect(both.ok && both.value.quorum).not.toBeNull();
  });
});
