import { canonicalJson } from '../canonical.ts';
import type { VerifyEd25519 } from '../log/note.ts';
import type { Trust } from '../log/trust.ts';
import {
  checkChain,
  checkCheckpoint,
  checkInclusion,
  checkIndex,
  checkPolicies,
  checkStatement,
  checkSubject,
  readEvents,
} from './checks.ts';
import { type EvidenceOutcome, type EvidencePackage, type EvidenceSubject, isRedacted } from './package.ts';
import type { Finding } from './shape.ts';
import { packageShape } from './shapes.ts';
import { checkVerdict } from './verdict.ts';

/** In the order in which they are made. */
export const CHECKS = {
  encoding: 'The file is canonical JSON in UTF-8',
  format: 'Every member is there, nothing else is, and each has its form',
  subject: 'It is about the pipeline that its first event spawned',
  chain: 'Every event links to the one before, and its content to its hash',
  index: 'Verdict inputs, approvals, token lifecycle and actions are listed as they are',
  policies: 'Every policy version that decided an action is there',
  verdict: 'The verdict rests on a proposal and votes on record',
  inclusion: 'The last event’s hash is in the tenant’s log',
  checkpoint: 'The log’s head is signed by a key that you trust',
  witnesses: 'Enough of the witnesses that you trust have seen that head',
  statement: 'The signed statement says the same',
} as const;
export type CheckName = keyof typeof CHECKS;

export interface Check {
  name: CheckName;
  /** `redacted`: what it would need was erased. `skipped`: a check before it failed, so there is nothing to look at. */
  status: 'passed' | 'failed' | 'redacted' | 'skipped';
  findings: Finding[];
}

export interface EvidenceReport {
  verified: boolean;
  checks: Check[];
  /** Unproven when `verified` is false. */
  subject: EvidenceSubject | null;
  outcome: EvidenceOutcome | null;
  /** Numbers of events whose content was erased. */
  redacted: number[];
  /** Names, in the trust file, of witnesses that have signed. */
  witnesses: string[];
}

export interface VerifyPorts {
  verify: VerifyEd25519;
  /** Strict UTF-8: throws for anything else, and keeps a byte order mark. */
  decode(bytes: Uint8Array): string;
}

/** Findings shown of one check; a file with another past would have thousands. */
const MAX_FINDINGS = 20;

const reportOf = (
  found: Map<CheckName, Finding[] | null>,
  rest: Omit<EvidenceReport, 'checks' | 'verified'>,
) => {
  const checks = (Object.keys(CHECKS) as CheckName[]).map((name): Check => {
    if (!found.has(name)) return { name, status: 'skipped', findings: [] };
    const findings = found.get(name) ?? null;
    if (findings === null) return { name, status: 'redacted', findings: [] };
    return {
      name,
      status: findings.length === 0 ? 'passed' : 'failed',
      findings: findings.slice(0, MAX_FINDINGS),
    };
  });
  const verified = checks.every((c) => c.status === 'passed' || c.status === 'redacted');
  return { verified, checks, ...rest };
};

/** The parsed file, or where it is not canonical. RFC 8785 leaves one spelling, so comparing texts refuses duplicate members too. */
export function parseCanonical(text: string): { ok: true; value: unknown } | { ok: false; finding: Finding } {
  let value: unknown;
  let canonical: string;
  try {
    value = JSON.parse(text);
    canonical = canonicalJson(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, finding: { at: '', why: `it is not JSON: ${why.slice(0, 200)}` } };
  }
  if (canonical === text) return { ok: true, value };
  let at = 0;
  while (text[at] === canonical[at] && at < text.length) at += 1;
  return {
    ok: false,
    finding: { at: `character ${at + 1}`, why: 'canonical JSON (RFC 8785) would go on otherwise from here' },
  };
}

/**
 * LEDG-3: verifies a package with nothing but the file and what the verifier trusts. Nothing in the file adds to the trust. Every check
 * is made that can be, so that the report names all that is wrong.
 */
export async function verifyEvidence(
  file: Uint8Array,
  trust: Trust,
  ports: VerifyPorts,
): Promise<EvidenceReport> {
  const found = new Map<CheckName, Finding[] | null>();
  const nothing = { subject: null, outcome: null, redacted: [], witnesses: [] };
  let text: string;
  try {
    text = ports.decode(file);
  } catch {
    found.set('encoding', [{ at: '', why: 'it is not UTF-8' }]);
    return reportOf(found, nothing);
  }
  const parsed = parseCanonical(text);
  found.set('encoding', parsed.ok ? [] : [parsed.finding]);
  if (!parsed.ok) return reportOf(found, nothing);

  const misfits: Finding[] = [];
  packageShape(parsed.value, '', (finding) => misfits.push(finding));
  found.set('format', misfits);
  if (misfits.length > 0) return reportOf(found, nothing);

  const given = parsed.value as EvidencePackage;
  const reader = readEvents(given);
  found.set('subject', checkSubject(given));
  found.set('chain', checkChain(given));
  found.set('index', checkIndex(given, reader));
  found.set('policies', checkPolicies(given, reader));
  found.set('verdict', checkVerdict(given));
  found.set('inclusion', checkInclusion(given));
  const head = await checkCheckpoint(given, trust, ports.verify);
  found.set('checkpoint', head.signature);
  if (head.witnesses) found.set('witnesses', head.witnesses);
  found.set('statement', await checkStatement(given, reader, trust, ports));
  return reportOf(found, {
    subject: given.subject,
    outcome: reader.outcome,
    redacted: given.events.filter(isRedacted).map((e) => e.seq),
    witnesses: head.signed,
  });
}
