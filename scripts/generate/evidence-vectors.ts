import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, sha256Hex } from '#domain/ledger/canonical.ts';
import { signStatement, statementOf, writeEvidence } from '#domain/ledger/evidence/assemble.ts';
import { type EvidencePackage, type PolicyInForce, redact } from '#domain/ledger/evidence/package.ts';
import { EvidenceReader, type PolicyReference } from '#domain/ledger/evidence/read.ts';
import { formatCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { ed25519Pair } from '#domain/ledger/log/ed25519.ts';
import { hashOfLeaf } from '#domain/ledger/log/leaf.ts';
import { inclusionProof, leafHash, leavesOf, treeRoot } from '#domain/ledger/log/merkle.ts';
import { cosign, formatKey, formatNote, signNote, verifierKey } from '#domain/ledger/log/note.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';

/** Test vectors of evidence packages (LEDG-3). Everything in them is fixed, so that the same code writes the same bytes. */
export const VECTORS = new URL('../../docs/evidence-vectors/', import.meta.url);
const LOG = new URL('../../tests/06-orchestration/golden/v1-consensus.json', import.meta.url);

const ORIGIN = 'ledger.example.com/acme';
const MADE_AT = '2026-11-23T08:00:00.000Z';
const COSIGNED_AT = 1_795_000_000;
/** Leaves before and after the pipeline's own, so that the proof has something to prove. */
const OTHERS = { before: 5, after: 7 };

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const policyText = '// A policy, as it was in force.\npermit (principal, action, resource);\n';

const policiesOf = (versions: PolicyReference[]): PolicyInForce[] =>
  versions.map(({ version }) => ({
    version,
    documents: [{ name: 'builtin.cedar', sha256: sha256Hex(policyText), text: policyText }],
  }));

async function keys() {
  const [log, witness, stranger] = await Promise.all(
    [1, 2, 3].map((n) => ed25519Pair(crypto.subtle, seed(n))),
  );
  return {
    log: { ...log!, key: verifierKey(ORIGIN, 'ed25519', log!.publicKey) },
    witness: { ...witness!, key: verifierKey('witness.example.org', 'cosignature', witness!.publicKey) },
    stranger: { ...stranger!, key: verifierKey(ORIGIN, 'ed25519', stranger!.publicKey) },
  };
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** A run that reached consensus, and ended; its last event is in a log of 13 leaves, whose head a witness has signed too. */
export async function goodPackage(): Promise<string> {
  const { log: events } = JSON.parse(readFileSync(LOG, 'utf8')) as { log: PipelineEvent[] };
  const { log, witness } = await keys();
  const last = events.at(-1)!;
  const leaf = { chain: 'pl_0123456789abcdef', number: 1, seq: last.seq, hash: last.hash };
  const other = (n: number) => leafHash(utf8ToBytes(`another chain ${n}`));
  const leaves = leavesOf([
    ...Array.from({ length: OTHERS.before }, (_, i) => other(i)),
    hashOfLeaf(leaf),
    ...Array.from({ length: OTHERS.after }, (_, i) => other(OTHERS.before + 1 + i)),
  ]);
  const size = OTHERS.before + 1 + OTHERS.after;
  const body = formatCheckpoint({ origin: ORIGIN, size, root: treeRoot(leaves, size) });
  const lines = [
    await signNote(log.key, log.sign, body),
    await cosign(witness.key, witness.sign, body, COSIGNED_AT),
  ];
  const pieces = writeEvidence({
    subject: {
      tenant: 'acme',
      pipeline_id: leaf.chain,
      number: leaf.number,
      events: events.length,
      head: last.hash,
    },
    log: {
      leaf,
      index: OTHERS.before,
      hashes: inclusionProof(leaves, OTHERS.before, size).map((h) => bytesToHex(h)),
      checkpoint: formatNote(body, lines),
    },
    policies: async (versions) => policiesOf(versions),
    events: () => once(events),
    signer: log,
    now: MADE_AT,
  });
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

/** The same with the content of every proposal and of the report erased; the signature is the same. */
export function redactedPackage(good: string): string {
  const given = JSON.parse(good) as EvidencePackage;
  const secret = ['report_written', 'proposal_written'];
  return canonicalJson({
    ...given,
    events: given.events.map((e) => (secret.includes(e.type) ? redact(e) : e)),
  });
}

/** The good package, all consistent in itself, and signed by a key that nobody trusts. */
async function strangersPackage(good: string): Promise<string> {
  const given = JSON.parse(good) as EvidencePackage;
  const { stranger } = await keys();
  const reader = new EvidenceReader();
  for (const event of given.events) reader.add(event);
  const body = given.log.checkpoint.slice(0, given.log.checkpoint.indexOf('\n\n') + 1);
  const log = {
    ...given.log,
    checkpoint: formatNote(body, [await signNote(stranger.key, stranger.sign, body)]),
  };
  const statement = statementOf(
    given.subject,
    reader.outcome!,
    { index: given.index, log, policies: given.policies },
    MADE_AT,
  );
  return canonicalJson({ ...given, log, statement: await signStatement(statement, stranger) });
}

/** One change to the good package: as JSON at a path, or as text; and which check must find it, where. */
export interface VectorCase {
  name: string;
  set?: { path: string; to: unknown };
  replace?: { text: string; by: string };
  fails: string[];
  at: string;
}

const CASES: VectorCase[] = [
  {
    name: 'a vote is turned round',
    set: { path: 'events[VOTE].body.vote', to: 'reject' },
    fails: ['chain', 'verdict'],
    at: 'events[VOTE]',
  },
  {
    name: 'an event says it was another actor',
    set: { path: 'events[2].actor', to: 'person:ps_2' },
    fails: ['chain'],
    at: 'events[2]',
  },
  {
    name: 'the number is another',
    set: { path: 'subject.number', to: 2 },
    fails: ['subject', 'inclusion', 'statement'],
    at: 'subject.number',
  },
  {
    name: 'the tenant is another',
    set: { path: 'subject.tenant', to: 'rival' },
    fails: ['subject', 'checkpoint', 'statement'],
    at: 'subject.tenant',
  },
  {
    name: 'a token’s end is left out of the index',
    set: { path: 'index.tokens', to: [] },
    fails: ['index', 'statement'],
    at: 'index.tokens',
  },
  {
    name: 'a policy’s text is another',
    set: { path: 'policies[0].documents[0].text', to: 'permit' },
    fails: ['policies', 'statement'],
    at: 'policies[0].documents[0]',
  },
  {
    name: 'the leaf stands elsewhere',
    set: { path: 'log.index', to: 6 },
    fails: ['inclusion', 'statement'],
    at: 'log',
  },
  {
    name: 'an unknown member',
    set: { path: 'subject.note', to: 'hello' },
    fails: ['format'],
    at: 'subject.note',
  },
  { name: 'another format', set: { path: 'format', to: 'ags-evidence/2' }, fails: ['format'], at: 'format' },
  {
    name: 'a space',
    replace: { text: '{"events":', by: '{ "events":' },
    fails: ['encoding'],
    at: 'character 2',
  },
  {
    name: 'a line break at the end',
    replace: {
      text: '"number":1,"pipeline_id":"pl_0123456789abcdef","tenant":"acme"}}',
      by: '"number":1,"pipeline_id":"pl_0123456789abcdef","tenant":"acme"}}\n',
    },
    fails: ['encoding'],
    at: '',
  },
  {
    name: 'a member twice',
    replace: { text: '"format":"ags-evidence/1"', by: '"format":"ags-evidence/1","format":"ags-evidence/1"' },
    fails: ['encoding'],
    at: '',
  },
  {
    name: 'a number in another spelling',
    replace: { text: '"number":1,', by: '"number":1.0,' },
    fails: ['encoding'],
    at: '',
  },
  {
    name: 'a letter as an escape',
    replace: { text: '"tenant":"acme"', by: '"tenant":"\\u0061cme"' },
    fails: ['encoding'],
    at: '',
  },
];

export async function evidenceVectors(): Promise<Record<string, string>> {
  const good = await goodPackage();
  const { log, witness } = await keys();
  const given = JSON.parse(good) as EvidencePackage;
  const vote = given.events.findIndex((e) => e.type === 'vote_cast');
  const cases = CASES.map(
    (c) => JSON.parse(JSON.stringify(c).replaceAll('VOTE', String(vote))) as VectorCase,
  );
  const trust = `log ${formatKey(log.key)}\nwitness one ${formatKey(witness.key)}\nquorum one\n`;
  return {
    'trust.txt': trust,
    'consensus.evidence.json': good,
    'redacted.evidence.json': redactedPackage(good),
    'stranger.evidence.json': await strangersPackage(good),
    'cases.json': `${JSON.stringify(cases, null, 2)}\n`,
  };
}

if (import.meta.main) {
  mkdirSync(VECTORS, { recursive: true });
  for (const [name, text] of Object.entries(await evidenceVectors()))
    writeFileSync(new URL(name, VECTORS), text);
}
