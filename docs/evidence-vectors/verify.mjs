/**
 * A verifier of evidence packages, written from docs/evidence.md alone: nothing of the product is used, only Node.
 *
 *   node verify.mjs FILE TRUST
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hex = (text) => sha256(text).toString('hex');

/** RFC 8785. */
function jcs(value) {
  if (Array.isArray(value)) return `[${value.map(jcs).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.keys(value).sort();
    return `{${members.map((name) => `${jcs(name)}:${jcs(value[name])}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('not a JSON number');
  if (typeof value === 'string' && !value.isWellFormed()) throw new Error('a lone surrogate');
  return JSON.stringify(value);
}

function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new Error('base64 is not canonical');
  return bytes;
}

/** RFC 8410: the 12 bytes before a raw Ed25519 key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
function signedBy(raw, message, signature) {
  const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
  return signature.length === 64 && verify(null, message, key, signature);
}

/* Section 4 */

function readKey(text, wanted) {
  const [name, id, coded, ...more] = String(text).split('+');
  // The alphabet of base64 has a plus too.
  const bytes = base64([coded, ...more].join('+'));
  const found = sha256(`${name}\n`, bytes).subarray(0, 4).toString('hex');
  if (bytes.length !== 33 || bytes[0] !== wanted || found !== id) throw new Error(`not a key: ${text}`);
  return { name, id, raw: bytes.subarray(1) };
}

export function readTrust(text) {
  const trust = { logs: [], witnesses: new Map(), reached: () => true };
  const named = new Map();
  let chosen = false;
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === '' || word.startsWith('#')) continue;
    const fresh = (name) => {
      if (named.has(name) || name === 'none') throw new Error(`this name is taken: ${line}`);
    };
    const words = { log: 1, witness: 2, quorum: 1 }[word] ?? rest.length;
    if (rest.length !== words) throw new Error(`not understood: ${line}`);
    if (word === 'log') {
      const key = readKey(rest[0], 1);
      if (trust.logs.some((k) => k.name === key.name && k.id === key.id)) throw new Error(`twice: ${line}`);
      trust.logs.push(key);
    } else if (word === 'witness') {
      const key = readKey(rest[1], 4);
      fresh(rest[0]);
      if ([...trust.witnesses.values()].some((k) => k.raw.equals(key.raw))) throw new Error(`twice: ${line}`);
      trust.witnesses.set(rest[0], key);
      named.set(rest[0], (signed) => signed.has(rest[0]));
    } else if (word === 'group') {
      const [name, threshold, ...members] = rest;
      const of = members.map((m) => named.get(m));
      const needed = /^[1-9]\d*$/.test(threshold) ? Number(threshold) : { any: 1, all: of.length }[threshold];
      fresh(name);
      if (of.includes(undefined) || !(needed >= 1 && needed <= of.length))
        throw new Error(`not a group: ${line}`);
      named.set(name, (signed) => of.filter((m) => m(signed)).length >= needed);
    } else if (word === 'quorum' && !chosen && (rest[0] === 'none' || named.has(rest[0]))) {
      trust.reached = named.get(rest[0]) ?? (() => true);
      chosen = true;
    } else throw new Error(`not understood: ${line}`);
  }
  if (trust.logs.length === 0) throw new Error('no log key');
  return trust;
}

/* Section 2 */

const is = {
  hash: (v) => /^[0-9a-f]{64}$/.test(v),
  salt: (v) => /^[0-9a-f]{32}$/.test(v),
  time: (v) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(v),
  whole: (v) => Number.isSafeInteger(v) && v >= 0,
  text: (v) => typeof v === 'string',
  truth: (v) => typeof v === 'boolean',
  anything: () => true,
};
const list = (item) => (v) => Array.isArray(v) && v.every(item);
const object = (members) => (v) =>
  typeof v === 'object' &&
  v !== null &&
  !Array.isArray(v) &&
  Object.keys(v).every((name) => Object.hasOwn(members, name)) &&
  Object.entries(members).every(([name, holds]) => Object.hasOwn(v, name) && holds(v[name]));
const exactly = (value) => (v) => v === value;

const frame = {
  seq: is.whole,
  type: is.text,
  v: is.whole,
  at: is.time,
  actor: is.text,
  prev_hash: is.hash,
  hash: is.hash,
};
const whole = object({ ...frame, body: is.anything, salt: is.salt });
const redacted = object({ ...frame, content: is.hash });
const subject = object({
  tenant: is.text,
  pipeline_id: is.text,
  number: is.whole,
  events: is.whole,
  head: is.hash,
});
const numbers = list(is.whole);
const fits = object({
  format: exactly('ags-evidence/1'),
  subject,
  events: list((e) => (e !== null && typeof e === 'object' && 'content' in e ? redacted(e) : whole(e))),
  index: object({ actions: numbers, approvals: numbers, tokens: numbers, verdict: numbers }),
  log: object({
    leaf: object({ chain: is.text, number: is.whole, seq: is.whole, hash: is.hash }),
    index: is.whole,
    hashes: list(is.hash),
    checkpoint: is.text,
  }),
  policies: list(
    object({ version: is.text, documents: list(object({ name: is.text, sha256: is.hash, text: is.text })) }),
  ),
  statement: object({
    payloadType: exactly('application/vnd.in-toto+json'),
    payload: is.text,
    signatures: list(object({ keyid: is.text, sig: is.text })),
  }),
});
const statementFits = object({
  _type: exactly('https://in-toto.io/Statement/v1'),
  subject: list(object({ name: is.text, digest: object({ sha256: is.hash }) })),
  predicateType: exactly('urn:ags:evidence:1'),
  predicate: object({
    subject,
    outcome: object({ state: is.text, exit_code: is.whole, reason: is.text, sealed: is.truth }),
    parts: object({ index: is.hash, log: is.hash, policies: is.hash }),
    made_at: is.time,
  }),
});

/* Section 3 */

const same = (a, b) => jcs(a) === jcs(b);
const known = (e) => 'body' in e;
const bodyOf = (e) =>
  known(e) && typeof e.body === 'object' && e.body !== null && !Array.isArray(e.body) ? e.body : {};

const KINDS = {
  actions: [['action_'], ['violation_recorded']],
  approvals: [['approval_', 'action_approval_'], []],
  tokens: [
    ['credentials_', 'agent_token_', 'token_'],
    ['agent_revoked', 'sealed'],
  ],
  verdict: [
    ['round_', 'proposal_', 'vote_', 'consensus_'],
    [
      'agent_replaced',
      'agent_revoked',
      'fallback_chosen',
      'generation_started',
      'mediator_called',
      'partial_accepted',
      'pipeline_forked',
    ],
  ],
};
const kindOf = (events, name) =>
  events.filter(
    ({ type }) => KINDS[name][0].some((b) => type.startsWith(b)) || KINDS[name][1].includes(type),
  );

function chainHolds(events) {
  let before = '0'.repeat(64);
  return events.every(({ seq, type, v, at, actor, prev_hash, hash, ...rest }, i) => {
    const content = rest.content ?? hex(`${rest.salt}:${jcs(rest.body)}`);
    const linked = seq === i + 1 && prev_hash === before;
    before = hash;
    return linked && hash === hex(jcs({ seq, type, v, at, actor, content, prev_hash }));
  });
}

function policiesHold({ policies, events }) {
  const versions = policies.map((p) => p.version);
  const rising = versions.every((v, i) => i === 0 || versions[i - 1] < v);
  const texts = policies.every((p) => p.documents.every((d) => d.sha256 === hex(d.text)));
  const used = events
    .filter((e) => e.type.startsWith('action_'))
    .map((e) => {
      const said = bodyOf(e).decision ?? {};
      const of = (name) => said[name] ?? bodyOf(e)[name];
      return { version: of('policy_version'), sha256: of('policy_sha256') };
    })
    .filter(({ version }) => typeof version === 'string');
  const holds = ({ version, sha256: named }) => {
    const documents = policies.find((p) => p.version === version)?.documents;
    if (!documents?.length || typeof named !== 'string') return documents !== undefined;
    const text = (name) => documents.findLast((d) => d.name === name)?.text;
    const [data, limits = '', permits = ''] = [
      text('data.json'),
      text('limits.cedar'),
      text('permits.cedar'),
    ];
    const builtin = hex(jcs({ data: hex(data ?? ''), limits, permits }));
    const own = text('tenant.cedar');
    return named === (own === undefined ? builtin : hex(jcs({ builtin, tenant: hex(own) })));
  };
  return rising && texts && used.every(holds);
}

function verdictHolds(events) {
  const inputs = kindOf(events, 'verdict');
  if (!inputs.every(known)) return null;
  const [authors, votes] = [new Map(), new Map()];
  const one = (v) => jcs([v ?? null]);
  const on = (b) => jcs([b.proposal_id ?? null, b.revision ?? null]);
  const list = (v) => (Array.isArray(v) ? v : []);
  const object = (v) => (typeof v === 'object' && v !== null && !Array.isArray(v) ? v : {});
  const remember = (type, b) => {
    if (type === 'proposal_written') authors.set(on(b), one(b.author));
    if (type === 'vote_cast') votes.set(`${one(b.seat)} ${on(b)}`, b.vote);
    if (type === 'pipeline_forked') {
      for (const p of list(b.proposals)) remember('proposal_written', object(p));
      for (const v of list(b.votes)) remember('vote_cast', object(v));
    }
  };
  for (const event of inputs) {
    const b = bodyOf(event);
    remember(event.type, b);
    if (event.type !== 'consensus_reached') continue;
    const author = authors.get(on(b));
    const seats = list(b.approvals).map(one);
    if (author === undefined || new Set(seats).size < 2) return false;
    if (!seats.every((seat) => seat === author || votes.get(`${seat} ${on(b)}`) === 'approve')) return false;
  }
  return true;
}

/** RFC 9162, 2.1.3.2. */
function included(leaf, index, size, hashes, root) {
  if (index >= size) return false;
  let [fn, sn, r] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const p of hashes) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      r = sha256(Buffer.of(1), p, r);
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else r = sha256(Buffer.of(1), r, p);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && r.equals(root);
}

/** null for what is no checkpoint. */
function readCheckpoint(note) {
  try {
    const cut = note.lastIndexOf('\n\n');
    const text = note.slice(0, cut + 1);
    const [, origin, size, root] = /^(\S+)\n(0|[1-9]\d{0,15})\n(\S+)\n$/.exec(text);
    const lines = note.slice(cut + 2).split('\n');
    if (lines.pop() !== '' || lines.length === 0) return null;
    const signatures = lines.map((line) => {
      const [, name, coded] = /^\u2014 (\S+) (\S+)$/.exec(line);
      const bytes = base64(coded);
      return { name, id: bytes.subarray(0, 4).toString('hex'), bytes: bytes.subarray(4) };
    });
    const hash = base64(root);
    return hash.length === 32 ? { text, origin, size: Number(size), root: hash, signatures } : null;
  } catch {
    return null;
  }
}

function witnessed(head, trust) {
  const signed = new Set();
  for (const [name, key] of trust.witnesses)
    for (const line of head.signatures.filter((s) => s.name === key.name && s.id === key.id)) {
      if (line.bytes.length !== 72) return false;
      const message = `cosignature/v1\ntime ${line.bytes.readBigUInt64BE(0)}\n${head.text}`;
      if (!signedBy(key.raw, Buffer.from(message), line.bytes.subarray(8))) return false;
      signed.add(name);
    }
  return trust.reached(signed);
}

function statementHolds(given, keys) {
  try {
    const [{ keyid, sig }, ...more] = given.statement.signatures;
    const key = keys.find((k) => k.id === keyid);
    const payload = base64(given.statement.payload);
    const signedText = `DSSEv1 28 application/vnd.in-toto+json ${payload.length} `;
    if (more.length > 0 || !key) return false;
    if (!signedBy(key.raw, Buffer.concat([Buffer.from(signedText), payload]), base64(sig))) return false;

    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
    const said = JSON.parse(text);
    if (jcs(said) !== text || !statementFits(said)) return false;
    const { predicate } = said;
    const end = given.events.findLast((e) => e.type === 'pipeline_ended' && known(e));
    const { state = null, exit_code = null, reason = null } = end ? bodyOf(end) : {};
    const sealed = given.events.some((e) => e.type === 'sealed');
    return (
      same(said.subject, [{ name: given.subject.pipeline_id, digest: { sha256: given.subject.head } }]) &&
      same(predicate.subject, given.subject) &&
      ['index', 'log', 'policies'].every((part) => predicate.parts[part] === hex(jcs(given[part]))) &&
      (!end || same(predicate.outcome, { state, exit_code, reason, sealed }))
    );
  } catch {
    return false;
  }
}

/** Which checks fail and which are redacted; verified when none fails. */
export function verifyPackage(bytes, trust) {
  const done = (failed, redactedChecks = []) => ({
    verified: failed.length === 0,
    failed,
    redacted: redactedChecks,
  });
  let given;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    given = JSON.parse(text);
    if (jcs(given) !== text) return done(['encoding']);
  } catch {
    return done(['encoding']);
  }
  if (!fits(given)) return done(['format']);

  const { events, log, subject: about } = given;
  const [first, last] = [events[0], events.at(-1)];
  const spawned = first?.type === 'pipeline_spawned' ? bodyOf(first) : null;
  const head = readCheckpoint(log.checkpoint);
  const keys = trust.logs.filter((k) => k.name === head?.origin);
  const lines = (head?.signatures ?? []).filter((s) => keys.some((k) => k.name === s.name && k.id === s.id));
  const leaf = { chain: about.pipeline_id, number: about.number, seq: last?.seq, hash: about.head };
  const results = {
    subject:
      spawned !== null &&
      (!known(first) || ['tenant', 'pipeline_id', 'number'].every((m) => spawned[m] === about[m])) &&
      about.events === events.length &&
      about.head === last.hash,
    chain: chainHolds(events),
    index: Object.keys(KINDS).every((name) =>
      same(
        given.index[name],
        kindOf(events, name).map((e) => e.seq),
      ),
    ),
    policies: policiesHold(given),
    verdict: verdictHolds(events),
    inclusion:
      head !== null &&
      same(log.leaf, leaf) &&
      included(
        sha256(Buffer.of(0), jcs(log.leaf)),
        log.index,
        head.size,
        log.hashes.map((h) => Buffer.from(h, 'hex')),
        head.root,
      ),
    checkpoint:
      (head?.origin.endsWith(`/${about.tenant}`) ?? false) &&
      lines.length > 0 &&
      lines.every((s) => signedBy(keys.find((k) => k.id === s.id).raw, Buffer.from(head.text), s.bytes)),
    witnesses: head === null || witnessed(head, trust),
    statement: statementHolds(given, keys),
  };
  const withResult = (result) => Object.keys(results).filter((name) => results[name] === result);
  return done(withResult(false), withResult(null));
}

if (import.meta.main) {
  const [file, trust] = process.argv.slice(2);
  const result = verifyPackage(readFileSync(file), readTrust(readFileSync(trust, 'utf8')));
  console.log(JSON.stringify(result));
  process.exitCode = result.verified ? 0 : 1;
}
