/**
 * A witness for a tenant's log: signs a tree head only if it continues the one that it signed before.
 *
 *   node witness.mjs key NAME            makes a key pair, prints the public key
 *   node witness.mjs sign URL LOGKEY     looks once; AGS_KEY is an auditor's API key
 *
 * WITNESS_STATE names the file with the key and the last head (witness.json).
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signWith,
  verify as verifyWith,
} from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const STATE = process.env.WITNESS_STATE ?? 'witness.json';
const TIMEOUT_MS = 30_000;

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const node = (left, right) => sha256(Buffer.of(1), left, right);

/** Replaced in one step: after a crash the old head is there, or the new one, never half of either. */
function save(state) {
  writeFileSync(`${STATE}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${STATE}.new`, STATE);
}

/** C2SP: the first 4 bytes of SHA-256(name, line break, type, key). */
const keyId = (name, typed) => sha256(`${name}\n`, typed).subarray(0, 4);

function readKey(text) {
  const [name, id, ...coded] = text.split('+');
  const typed = Buffer.from(coded.join('+'), 'base64');
  if (typed.length !== 33 || typed[0] !== 1 || keyId(name, typed).toString('hex') !== id)
    throw new Error('LOGKEY is not the key of a log');
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), typed.subarray(1)]);
  return { name, id, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

/** A head that the log has signed. */
function readHead(note, log) {
  const cut = note.lastIndexOf('\n\n');
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split('\n');
  if (origin !== log.name || !/^(0|[1-9]\d{0,15})$/.test(size))
    throw new Error('this is a head of another log');
  const signed = note
    .slice(cut + 2)
    .split('\n')
    .some((line) => {
      const [, name, coded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
      const bytes = Buffer.from(coded ?? '', 'base64');
      return (
        name === log.name &&
        bytes.subarray(0, 4).toString('hex') === log.id &&
        verifyWith(null, Buffer.from(text), log.key, bytes.subarray(4))
      );
    });
  if (!signed) throw new Error('the log has not signed this head');
  return { text, size: Number(size), root };
}

/** RFC 9162, 2.1.4.2. */
function continues(from, to, hashes) {
  if (from.size === 0) return true;
  if (from.size === to.size) return from.root === to.root;
  if (from.size > to.size) return false;
  const [old, now] = [Buffer.from(from.root, 'base64'), Buffer.from(to.root, 'base64')];
  let [fn, sn] = [BigInt(from.size) - 1n, BigInt(to.size) - 1n];
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  const path = hashes.map((h) => Buffer.from(h, 'hex'));
  const first = fn === 0n ? old : path.shift();
  if (!first) return false;
  let [fr, sr] = [first, first];
  for (const hash of path) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      [fr, sr] = [node(hash, fr), node(hash, sr)];
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else sr = node(sr, hash);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && fr.equals(old) && sr.equals(now);
}

async function ask(url, path, body) {
  const response = await fetch(new URL(path, url), {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${process.env.AGS_KEY}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path.replace(/\?.*/, '')}: ${answer.detail ?? response.status}`);
  return answer;
}

function makeKey(name) {
  if (existsSync(STATE)) throw new Error(`${STATE} exists already`);
  if (!/^[^\s+]+$/.test(name ?? '')) throw new Error('NAME has no spaces and no plus');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const typed = Buffer.concat([Buffer.of(4), raw]);
  const key = `${name}+${keyId(name, typed).toString('hex')}+${typed.toString('base64')}`;
  save({ name, key, secret: privateKey.export({ format: 'pem', type: 'pkcs8' }), heads: {} });
  console.log(key);
}

/** The message has the time in it, so that a verifier knows since when the head was known (C2SP tlog-cosignature). */
function cosign(state, text) {
  const time = Math.floor(Date.now() / 1_000);
  const signature = signWith(
    null,
    Buffer.from(`cosignature/v1\ntime ${time}\n${text}`),
    createPrivateKey(state.secret),
  );
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  const id = Buffer.from(state.key.split('+')[1], 'hex');
  return `\u2014 ${state.name} ${Buffer.concat([id, stamp, signature]).toString('base64')}`;
}

async function look(url, logKey) {
  const state = JSON.parse(readFileSync(STATE, 'utf8'));
  const log = readKey(logKey);
  const { checkpoint } = await ask(url, '/api/ledger/head');
  const head = readHead(checkpoint, log);
  const before = state.heads[log.name] ?? { size: 0, root: '' };
  const grown = before.size > 0 && before.size < head.size;
  const hashes = grown
    ? (await ask(url, `/api/ledger/consistency?from=${before.size}&to=${head.size}`)).hashes
    : [];
  if (!continues(before, head, hashes))
    throw new Error(
      `REFUSED: the log of ${head.size} leaves does not continue the one of ${before.size} that was signed`,
    );
  // Remembered before it is posted: what was signed once must never be forgotten.
  save({ ...state, heads: { ...state.heads, [log.name]: { size: head.size, root: head.root } } });
  await ask(url, '/api/ledger/cosignatures', { size: head.size, cosignature: cosign(state, head.text) });
  console.log(`signed ${log.name} at ${head.size} leaves`);
}

const [command, ...args] = process.argv.slice(2);
try {
  if (command === 'key') makeKey(args[0]);
  else if (command === 'sign' && args.length === 2) await look(...args);
  else throw new Error('witness.mjs key NAME | sign URL LOGKEY');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
