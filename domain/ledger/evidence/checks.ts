import { hexToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, hashJson, sha256Hex } from '../canonical.ts';
import { commitContent, frameHash, GENESIS_HASH } from '../chain.ts';
import { parseCheckpoint } from '../log/checkpoint.ts';
import { hashOfLeaf } from '../log/leaf.ts';
import { verifyInclusion } from '../log/merkle.ts';
import { parseNote, type VerifyEd25519, verifySignature } from '../log/note.ts';
import { reachesQuorum, type Trust } from '../log/trust.ts';
import { openEnvelope } from './dsse.ts';
import { type EvidencePackage, type EvidenceStatement, type EvidenceSubject, isRedacted } from './package.ts';
import { bodyOf, EvidenceReader, policyOf } from './read.ts';
import type { Finding } from './shape.ts';
import { statementShape } from './shapes.ts';

/** Where two lists or objects differ first, as a path; null when they are the same JSON. */
function differsAt(a: unknown, b: unknown, at: string): string | null {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b ? null : at;
  const [left, right] = [a, b] as Record<string, unknown>[];
  for (const name of new Set([...Object.keys(left!), ...Object.keys(right!)])) {
    const found = differsAt(left![name], right![name], Array.isArray(a) ? `${at}[${name}]` : `${at}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

const same = (a: unknown, b: unknown, at: string, why: string): Finding[] => {
  const found = differsAt(a, b, at);
  return found === null ? [] : [{ at: found, why }];
};

/** Numbering, links, content, hashes: every event, so that each place that does not hold is named. */
export function checkChain({ events }: EvidencePackage): Finding[] {
  const found: Finding[] = [];
  let before = GENESIS_HASH;
  for (const [i, event] of events.entries()) {
    const at = `events[${i}]`;
    const content = isRedacted(event) ? event.content : commitContent(event.salt, event.body);
    if (event.seq !== i + 1) found.push({ at: `${at}.seq`, why: `it is not ${i + 1}` });
    if (event.prev_hash !== before)
      found.push({ at: `${at}.prev_hash`, why: 'the link to the event before is broken' });
    if (frameHash(event, content) !== event.hash)
      found.push({ at, why: 'its fields or its content do not belong to its hash' });
    before = event.hash;
  }
  return found;
}

/** The package is about the pipeline that its first event spawned, up to the event that it names. */
export function checkSubject({ subject, events }: EvidencePackage): Finding[] {
  const first = events[0];
  const found: Finding[] = [];
  if (first?.type !== 'pipeline_spawned')
    return [{ at: 'events[0].type', why: 'the first event does not spawn a pipeline' }];
  if (!isRedacted(first)) {
    const body = bodyOf(first);
    for (const name of ['tenant', 'pipeline_id', 'number'] as const)
      if (body[name] !== subject[name])
        found.push({ at: `subject.${name}`, why: 'the first event says otherwise' });
  }
  if (subject.events !== events.length)
    found.push(
      { at: 'subject.events', why: `there are ${events.length} events` },
      { at: 'events', why: `they are ${events.length}, and there should be ${subject.events}` },
    );
  if (subject.head !== events.at(-1)?.hash)
    found.push({ at: 'subject.head', why: 'it is not the hash of the last event' });
  return found;
}

export function readEvents({ events }: EvidencePackage): EvidenceReader {
  const reader = new EvidenceReader();
  for (const event of events) reader.add(event);
  return reader;
}

export const checkIndex = (given: EvidencePackage, reader: EvidenceReader): Finding[] =>
  same(given.index, reader.index, 'index', 'the events’ types give another list');

/** Every version that a decision names has its entry, each text its hash, and nothing stands there twice or out of order. */
export function checkPolicies(given: EvidencePackage, reader: EvidenceReader): Finding[] {
  const { policies } = given;
  const found: Finding[] = [];
  const versions = policies.map((p) => p.version);
  for (const version of reader.policies.keys())
    if (!versions.includes(version))
      found.push({ at: 'policies', why: `the version ${version}, which decided an action, is missing` });
  for (const [i, { version, documents }] of policies.entries()) {
    const at = `policies[${i}]`;
    if (i > 0 && !(versions[i - 1]! < version))
      found.push({ at: `${at}.version`, why: 'versions stand in order, each once' });
    for (const [j, { sha256, text }] of documents.entries())
      if (sha256Hex(text) !== sha256)
        found.push({ at: `${at}.documents[${j}]`, why: 'the text does not belong to its hash' });
  }
  return [...found, ...checkPolicyHashes(given, reader)];
}

/** Decisions name the hash of everything that they were made under: the texts must give it. Without texts there is nothing to compare. */
function checkPolicyHashes({ policies, events }: EvidencePackage, reader: EvidenceReader): Finding[] {
  const hashes = new Map(
    policies.map(({ version, documents }) => [version, documents.length === 0 ? null : setHash(documents)]),
  );
  const wrong = new Set<string>();
  for (const event of events) {
    const used = policyOf(event);
    const hash = used && hashes.get(used.version);
    if (used?.sha256 && hash && used.sha256 !== hash) wrong.add(used.version);
  }
  return policies.flatMap(({ version }, i) =>
    wrong.has(version) && reader.policies.has(version)
      ? [
          {
            at: `policies[${i}].documents`,
            why: 'a decision under this version names the hash of other texts',
          },
        ]
      : [],
  );
}

function setHash(documents: readonly { name: string; sha256: string; text: string }[]): string {
  const named = new Map(documents.map((d) => [d.name, d.text]));
  const builtin = hashJson({
    data: sha256Hex(named.get('data.json') ?? ''),
    limits: named.get('limits.cedar') ?? '',
    permits: named.get('permits.cedar') ?? '',
  });
  const own = named.get('tenant.cedar');
  return own === undefined ? builtin : hashJson({ builtin, tenant: sha256Hex(own) });
}

/** The last event's hash is in the tree that the checkpoint is the head of. */
export function checkInclusion({ log, subject, events }: EvidencePackage): Finding[] {
  const leaf = {
    chain: subject.pipeline_id,
    number: subject.number,
    seq: events.at(-1)?.seq,
    hash: subject.head,
  };
  const found = same(log.leaf, leaf, 'log.leaf', 'it is not the head of these events');
  const head = parseCheckpoint(parseNote(log.checkpoint)?.text ?? '');
  if (!head) return [...found, { at: 'log.checkpoint', why: 'it is not a checkpoint' }];
  const proven = verifyInclusion(
    hashOfLeaf(log.leaf),
    log.index,
    head.size,
    log.hashes.map((h) => hexToBytes(h)),
    head.root,
  );
  if (!proven) found.push({ at: 'log', why: 'leaf, index and hashes do not lead to the checkpoint’s root' });
  return found;
}

/**
 * C2SP: lines of keys that nobody here trusts say nothing, good or bad; a line of a trusted key must hold. `witnesses` is null when there
 * is no head that they could have seen.
 */
export async function checkCheckpoint(
  { log, subject }: EvidencePackage,
  trust: Trust,
  verify: VerifyEd25519,
): Promise<{ signature: Finding[]; witnesses: Finding[] | null; signed: string[] }> {
  const at = 'log.checkpoint';
  const note = parseNote(log.checkpoint);
  const origin = parseCheckpoint(note?.text ?? '')?.origin;
  if (!note || origin === undefined)
    return { signature: [{ at, why: 'it is not a checkpoint' }], witnesses: null, signed: [] };

  const byLog: boolean[] = [];
  const signed: string[] = [];
  const witnesses: Finding[] = [];
  for (const line of note.signatures) {
    for (const key of trust.logs)
      if (key.name === origin && line.name === origin && key.id === line.id)
        byLog.push(await verifySignature(key, note.text, line, verify));
    for (const [name, key] of trust.witnesses) {
      if (key.name !== line.name || key.id !== line.id) continue;
      if (await verifySignature(key, note.text, line, verify)) signed.push(name);
      else witnesses.push({ at, why: `the signature of the witness ${name} does not hold` });
    }
  }
  const signature: Finding[] = [];
  if (!origin.endsWith(`/${subject.tenant}`)) signature.push({ at, why: 'it is of another tenant’s log' });
  if (byLog.length === 0) signature.push({ at, why: `no trusted key has signed it for ${origin}` });
  if (byLog.includes(false)) signature.push({ at, why: 'the log’s signature does not hold' });
  if (!reachesQuorum(trust.quorum, new Set(signed)))
    witnesses.push({ at, why: `too few trusted witnesses have signed it: ${signed.join(', ') || 'none'}` });
  return { signature, witnesses, signed };
}

/** The signed statement says what the rest of the package says. `decode` reads UTF-8 and throws for anything else. */
export async function checkStatement(
  given: EvidencePackage,
  reader: EvidenceReader,
  trust: Trust,
  ports: { verify: VerifyEd25519; decode(bytes: Uint8Array): string },
): Promise<Finding[]> {
  const origin = parseCheckpoint(parseNote(given.log.checkpoint)?.text ?? '')?.origin;
  const keys = trust.logs.filter((k) => k.name === origin);
  const opened = await openEnvelope(given.statement, keys, ports.verify);
  if (!opened.ok) return [{ at: `statement${opened.at === '' ? '' : `.${opened.at}`}`, why: opened.why }];
  const statement = readStatement(opened.payload, ports.decode);
  if ('at' in statement) return [statement];

  const { predicate } = statement;
  const subject: EvidenceSubject = given.subject;
  const named = [{ name: subject.pipeline_id, digest: { sha256: subject.head } }];
  return [
    ...same(subject, predicate.subject, 'subject', 'the signed statement says otherwise'),
    ...same(statement.subject, named, 'statement.payload', 'its subject is another pipeline'),
    ...(['index', 'log', 'policies'] as const).flatMap((part) =>
      hashJson(given[part]) === predicate.parts[part]
        ? []
        : [{ at: part, why: 'the signed statement has another hash for it' }],
    ),
    ...(reader.outcome === null
      ? []
      : same(
          predicate.outcome,
          reader.outcome,
          'statement.payload',
          'its outcome is not that of the events',
        )),
  ];
}

/** The statement is canonical JSON too; what does not fit its shape is said at `statement.payload`. */
function readStatement(
  payload: Uint8Array,
  decode: (bytes: Uint8Array) => string,
): EvidenceStatement | Finding {
  const at = 'statement.payload';
  try {
    const text = decode(payload);
    const statement: unknown = JSON.parse(text);
    if (canonicalJson(statement) !== text) return { at, why: 'it is not canonical JSON' };
    const found: Finding[] = [];
    statementShape(statement, '', (f) => found.push(f));
    const [first] = found;
    return first ? { at, why: `${first.at}: ${first.why}` } : (statement as EvidenceStatement);
  } catch {
    return { at, why: 'it is not JSON in UTF-8' };
  }
}
