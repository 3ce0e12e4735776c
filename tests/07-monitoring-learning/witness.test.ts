import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { ed25519Pair, ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import { consistencyProof, type Hash, leafHash, leavesOf, treeRoot } from '#domain/ledger/log/merkle.ts';
import {
  cosignedAt,
  formatKey,
  formatNote,
  parseKey,
  parseSignature,
  signNote,
  verifierKey,
  verifySignature,
} from '#domain/ledger/log/note.ts';

const WITNESS = fileURLToPath(new URL('../../examples/witness/witness.mjs', import.meta.url));
const ORIGIN = 'ags.test/acme';
const pair = await ed25519Pair(crypto.subtle, new Uint8Array(32).fill(9));
const logKey = verifierKey(ORIGIN, 'ed25519', pair.publicKey);
const leaf = (text: string): Hash => leafHash(utf8ToBytes(text));

/** A log as the API shows it; the test changes its leaves, and how it lies. */
let leaves: Hash[];
let posted: { size: number; cosignature: string }[];
let signer = pair.sign;
let server: Server;
let folder: string;

const bodyOf = (size: number): string =>
  formatCheckpoint({ origin: ORIGIN, size, root: treeRoot(leavesOf(leaves), size) });

async function answerOf(url: URL, body: string): Promise<object> {
  const size = leaves.length;
  if (url.pathname === '/api/ledger/head')
    return { checkpoint: formatNote(bodyOf(size), [await signNote(logKey, signer, bodyOf(size))]) };
  if (url.pathname === '/api/ledger/consistency') {
    const [from, to] = ['from', 'to'].map((name) => Number(url.searchParams.get(name)));
    return { hashes: consistencyProof(leavesOf(leaves), from!, to!).map((h) => bytesToHex(h)) };
  }
  posted.push(JSON.parse(body) as { size: number; cosignature: string });
  return {};
}

beforeEach(async () => {
  leaves = ['a', 'b', 'c'].map(leaf);
  posted = [];
  signer = pair.sign;
  folder = mkdtempSync(join(tmpdir(), 'ags-witness-'));
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', async () => {
      const known = request.headers.authorization === 'Bearer the-auditors-key';
      response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' });
      const url = new URL(request.url ?? '/', 'http://log');
      response.end(JSON.stringify(known ? await answerOf(url, body) : { detail: 'who?' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function witness(...args: string[]): Promise<{ code: number; out: string }> {
  const env = {
    WITNESS_STATE: join(folder, 'witness.json'),
    AGS_KEY: 'the-auditors-key',
    PATH: process.env.PATH,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [WITNESS, ...args], { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr });
    });
  });
}
const sign = (key = formatKey(logKey)) =>
  witness('sign', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key);

describe('the example witness', () => {
  it('LEDG-2: signs a head that the log has signed, with a time, and a newer one that continues it', async () => {
    const made = await witness('key', 'witness.test');
    const key = parseKey(made.out.trim())!;
    expect(key).toMatchObject({ name: 'witness.test', type: 'cosignature' });
    expect((await sign()).code).toBe(0);
    leaves.push(leaf('d'), leaf('e'));
    expect(await sign()).toMatchObject({ code: 0, out: `signed ${ORIGIN} at 5 leaves\n` });
    expect((await sign()).code).toBe(0);
    expect(posted.map((p) => p.size)).toEqual([3, 5, 5]);
    for (const { size, cosignature } of posted) {
      const line = parseSignature(cosignature)!;
      expect(await verifySignature(key, bodyOf(size), line, ed25519Verifier(crypto.subtle))).toBe(true);
      expect(cosignedAt(line)).toBeGreaterThan(1_700_000_000);
    }
  });

  it('LEDG-2: refuses a log with another past, of the same size or longer, and a shorter one; and keeps what it saw', async () => {
    await witness('key', 'witness.test');
    await sign();
    const kept = readFileSync(join(folder, 'witness.json'), 'utf8');
    for (const other of [
      ['a', 'X', 'c'],
      ['a', 'X', 'c', 'd', 'e'],
      ['a', 'b'],
    ]) {
      leaves = other.map(leaf);
      const refused = await sign();
      expect([other, refused.code]).toEqual([other, 1]);
      expect(refused.out).toContain('REFUSED');
    }
    expect(readFileSync(join(folder, 'witness.json'), 'utf8')).toBe(kept);
    expect(posted.map((p) => p.size)).toEqual([3]);
  });

  it('LEDG-2: believes the log key that it was given, and no other', async () => {
    await witness('key', 'witness.test');
    const other = await ed25519Pair(crypto.subtle, new Uint8Array(32).fill(8));
    signer = other.sign;
    expect(await sign()).toMatchObject({ code: 1, out: 'the log has not signed this head\n' });
    signer = pair.sign;
    const rival = formatKey(verifierKey('ags.test/rival', 'ed25519', pair.publicKey));
    expect((await sign(rival)).out).toContain('another log');
    expect(posted).toEqual([]);
  });
});
