import { describe, expect, it } from 'vitest';
import { verifyEvidenceFile } from '#client/evidence.ts';
import type { GateFacts } from '#domain/governance/gate.ts';
import { canonicalJson, sha256Hex } from '#domain/ledger/canonical.ts';
import { chainEvents, EMPTY_CHAIN, SALT_DIGITS } from '#domain/ledger/chain.ts';
import { type EvidenceSource, writeEvidence } from '#domain/ledger/evidence/assemble.ts';
import type { EvidencePackage } from '#domain/ledger/evidence/package.ts';
import { formatCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { ed25519Pair } from '#domain/ledger/log/ed25519.ts';
import { hashOfLeaf } from '#domain/ledger/log/leaf.ts';
import { formatNote, signNote, verifierKey } from '#domain/ledger/log/note.ts';
import type { Trust } from '#domain/ledger/log/trust.ts';
import type { GateDecision } from '#domain/pipeline/event/actions.ts';
import type { NewEvent } from '#domain/pipeline/event.ts';
import { VECTORS } from '#scripts/generate/evidence-vectors.ts';
import { createGate, policyDocuments, type TenantPolicies } from '#workers/policy/index.ts';
import { TOOL_RULES } from '#workers/steps/tools/index.ts';

const { verifyPackage } = (await import(new URL('verify.mjs', VECTORS).href)) as {
  verifyPackage(bytes: Uint8Array, trust: object): { failed: string[] };
};
const config = { tools: TOOL_RULES, egress: { allow: ['docs.example.com'] } };
const gate = createGate(config);
const FACTS: GateFacts = {
  version: 7,
  tenant: 'acme',
  tier: 1,
  tool: 'memory_search',
  arguments: { query: 'encryption' },
  target: 'memory',
  origin: [],
  actions_left: 10,
  gate_closed: false,
  project_id: 'prj_1',
  agent_id: 'ag_1',
  role: 'ALPHA',
  labels: [],
  approved_under: null,
  policy: 'builtin',
  mode: 'enforce',
};
const cedar =
  '@id("no_http") @reason("Not here.") @remedy("None.") @severity("low") forbid (principal, action == Action::"http_get", resource);';
const OWN: TenantPolicies = {
  policy_version: `3:${sha256Hex(cedar)}`,
  sha256: sha256Hex(cedar),
  text: cedar,
};

const pair = await ed25519Pair(crypto.subtle, new Uint8Array(32).fill(4));
const key = verifierKey('ags.test/acme', 'ed25519', pair.publicKey);
const trust: Trust = { logs: [key], witnesses: new Map(), quorum: null };
const theirTrust = {
  logs: [{ name: key.name, id: key.id, raw: Buffer.from(key.publicKey) }],
  witnesses: new Map(),
  reached: () => true,
};

/** A package of a pipeline in which one action was decided so, under these texts. */
async function packageOf(decision: GateDecision, documents: { name: string; text: string }[]) {
  const bodies = [
    { type: 'pipeline_spawned', body: { tenant: 'acme', pipeline_id: 'pl_aaaa', number: 1 } },
    { type: 'action_decided', body: { action_id: 'ac_1', decision } },
    { type: 'pipeline_ended', body: { state: 'FAILED', exit_code: 1, reason: 'test', detail: null } },
  ] as unknown as NewEvent[];
  const salts = 'ab'.repeat((SALT_DIGITS / 2) * bodies.length);
  const stamp = { at: '2026-11-23T08:00:00.000Z', actor: 'system:test', v: 1, salts };
  const events = chainEvents(EMPTY_CHAIN, bodies, stamp);
  const { seq, hash } = events.at(-1)!;
  const leaf = { chain: 'pl_aaaa', number: 1, seq, hash };
  const body = formatCheckpoint({ origin: key.name, size: 1, root: hashOfLeaf(leaf) });
  const source: EvidenceSource = {
    subject: { tenant: 'acme', pipeline_id: 'pl_aaaa', number: 1, events: seq, head: hash },
    log: { leaf, index: 0, hashes: [], checkpoint: formatNote(body, [await signNote(key, pair.sign, body)]) },
    policies: async (versions) =>
      versions.map(({ version }) => ({
        version,
        documents: documents.map(({ name, text }) => ({ name, text, sha256: sha256Hex(text) })),
      })),
    events: async function* () {
      yield events;
    },
    signer: { key, sign: pair.sign },
    now: '2026-11-23T08:00:01.000Z',
  };
  let text = '';
  for await (const piece of writeEvidence(source)) text += piece;
  return text;
}

async function failed(text: string): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const report = await verifyEvidenceFile(bytes, trust);
  const ours = report.checks.filter((c) => c.status === 'failed').map((c) => c.name);
  expect(verifyPackage(bytes, theirTrust).failed).toEqual(ours);
  return ours;
}

describe('policies in an evidence package', () => {
  it.each([
    ['the built-in set', null],
    ['a tenant’s own on top', OWN],
  ] as const)('GOV-4 LEDG-3: %s is in it as texts that give the hash of the decision', async (_, own) => {
    const decision = gate.judgeUnder({ ...FACTS, policy: own?.policy_version ?? 'builtin' }, own);
    expect(decision.policy_sha256).toBe(gate.versionOf(own).sha256);
    const documents = policyDocuments(config, own);
    expect(await failed(await packageOf(decision, documents))).toEqual([]);
    for (const changed of documents) {
      const others = documents.map((d) => (d === changed ? { ...d, text: `${d.text} ` } : d));
      expect([changed.name, await failed(await packageOf(decision, others))]).toEqual([
        changed.name,
        ['policies'],
      ]);
    }
  });

  it('LEDG-3: a version whose texts are not known any more is there without them, and one that is missing fails', async () => {
    const text = await packageOf(gate.judgeUnder(FACTS, null), []);
    expect(await failed(text)).toEqual([]);
    const given = JSON.parse(text) as EvidencePackage;
    expect(await failed(canonicalJson({ ...given, policies: [] }))).toEqual(['policies', 'statement']);
  });
});
