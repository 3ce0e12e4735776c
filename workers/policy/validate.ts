import type { PolicyNote } from '#domain/governance/decision.ts';
import { SEVERITIES } from '#domain/governance/severity.ts';
import { schemaWith } from './builtin.ts';
import { type DetailedError, loadCedar, type PolicyJson } from './cedar.ts';
import { compile, hasExactNumbers } from './compile.ts';

/** What is wrong with a text, and where; lines and columns count from 1. */
export interface PolicyFinding {
  severity: 'error' | 'warning' | 'info';
  code: string;
  message: string;
  line: number | null;
  column: number | null;
  expected: string | null;
}

/** GOV-4: bounds that keep a judgement short (PERF-4) and a version far below a row's 2 MB. */
export const POLICY_LIMITS = { bytes: 64 * 1024, policies: 200 } as const;

const ID = /^[a-z][a-z0-9_]{0,59}$/;
const LABEL = /^[a-z][a-z0-9_]{0,39}( *, *[a-z][a-z0-9_]{0,39}){0,7}$/;
const KNOWN = ['id', 'reason', 'remedy', 'severity', 'decision', 'observe', 'label'];

interface Checked {
  findings: PolicyFinding[];
  policies: PolicyNote[];
}

/** GOV-4: everything that can be known about a tenant's policies before they judge anything. */
export function validatePolicies(text: string, tools: Iterable<string>): Checked {
  if (text.trim() === '') return { findings: [], policies: [] };
  const cedar = loadCedar();
  const bytes = new TextEncoder().encode(text);
  const place = placer(bytes);
  const failed = (findings: PolicyFinding[]): Checked => ({ findings, policies: [] });
  if (bytes.length > POLICY_LIMITS.bytes)
    return failed([
      finding('error', 'too_large', `A set of policies has at most ${POLICY_LIMITS.bytes} bytes.`),
    ]);
  // Cedar would throw out of its own code, and after some hundreds of such throws read nothing any more.
  if (!text.isWellFormed())
    return failed([finding('error', 'syntax', 'The text holds half of a character (a lone surrogate).')]);
  const parsed = cedar.checkParsePolicySet({ staticPolicies: text });
  if (parsed.type === 'failure')
    return failed(parsed.errors.map((e) => fromCedar(e, 'syntax', 'error', place)));
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure')
    return failed(parts.errors.map((e) => fromCedar(e, 'syntax', 'error', place)));
  if (parts.policies.length > POLICY_LIMITS.policies)
    return failed([finding('error', 'too_many', `A set has at most ${POLICY_LIMITS.policies} policies.`)]);
  const read = parts.policies.map((policy) => cedar.policyToJson(policy));
  const policies = read.flatMap((one) => (one.type === 'success' ? [one.json] : []));
  const findings = [
    ...annotationFindings(policies, text),
    ...typeFindings(text, [...tools, ...policies.flatMap(actionsNamed)], place),
  ];
  return findings.some((f) => f.severity === 'error')
    ? failed(findings)
    : { findings, policies: notesOf(text) };
}

const notesOf = (text: string): PolicyNote[] => compile(text, 'tenant:').map(({ note }) => note);

function typeFindings(text: string, tools: string[], place: Placer): PolicyFinding[] {
  const answer = loadCedar().validate({
    schema: schemaWith(tools.length > 0 ? tools : ['any']),
    policies: { staticPolicies: text },
  });
  if (answer.type === 'failure') return answer.errors.map((e) => fromCedar(e, 'invalid', 'error', place));
  const found = [
    ...answer.validationErrors.map(({ error }) => fromCedar(error, 'type', 'error', place)),
    ...answer.validationWarnings.map(({ error }) => fromCedar(error, 'warning', 'warning', place)),
  ];
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}

/** Names and annotations are what decisions, refusals and the log speak of. */
function annotationFindings(policies: readonly PolicyJson[], text: string): PolicyFinding[] {
  const seen = new Set<string>();
  return policies.flatMap((policy) => {
    const { annotations = {}, effect } = policy;
    const { id = '', decision, severity, observe, label } = annotations;
    const at = lineOf(text, `@id("${id}")`);
    const wrong = (code: string, message: string, expected: string | null = null): PolicyFinding[] => [
      { ...finding('error', code, message), ...at, expected },
    ];
    const problems: PolicyFinding[][] = [];
    if (!ID.test(id))
      problems.push(wrong('id', 'Every policy needs an @id.', '@id("lower_case_name") in front of it'));
    else if (seen.has(id)) problems.push(wrong('id_twice', `There are two policies called ${id}.`));
    seen.add(id);
    if (decision !== undefined && (decision !== 'require_approval' || effect !== 'forbid'))
      problems.push(
        wrong(
          'decision',
          `${id}: this @decision means nothing.`,
          '@decision("require_approval") on a forbid',
        ),
      );
    if (severity !== undefined && !(SEVERITIES as readonly string[]).includes(severity))
      problems.push(wrong('severity', `${id}: there is no such severity.`, SEVERITIES.join(', ')));
    if (observe !== undefined && observe !== 'no')
      problems.push(wrong('observe', `${id}: @observe takes one value.`, '@observe("no")'));
    if (label !== undefined && (effect !== 'permit' || !LABEL.test(label)))
      problems.push(
        wrong('label', `${id}: labels stand on permits, in lower case.`, '@label("name") on a permit'),
      );
    if (!hasExactNumbers(policy))
      problems.push(
        wrong(
          'number',
          `${id}: a number is too large.`,
          'whole numbers from -9007199254740991 to 9007199254740991',
        ),
      );
    for (const name of Object.keys(annotations)) {
      if (!KNOWN.includes(name))
        problems.push(
          wrong('annotation', `${id}: @${name} is not known here.`, KNOWN.map((k) => `@${k}`).join(', ')),
        );
    }
    return problems.flat();
  });
}

/** Actions that a policy speaks of: outside agents bring tools that are on no list here. */
function actionsNamed(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(actionsNamed);
  if (typeof value !== 'object' || value === null) return [];
  const { type, id } = value as { type?: unknown; id?: unknown };
  const own = type === 'Action' && typeof id === 'string' ? [id] : [];
  return [...own, ...Object.values(value).flatMap(actionsNamed)];
}

const finding = (severity: PolicyFinding['severity'], code: string, message: string): PolicyFinding => ({
  severity,
  code,
  message,
  line: null,
  column: null,
  expected: null,
});

type Placer = (offset: number) => { line: number; column: number };

/** Cedar counts bytes of UTF-8. */
function placer(bytes: Uint8Array): Placer {
  const decoder = new TextDecoder();
  return (offset) => {
    const lines = decoder.decode(bytes.slice(0, offset)).split('\n');
    return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  };
}

function lineOf(text: string, part: string): { line: number | null; column: number | null } {
  const at = text.indexOf(part);
  if (at < 0) return { line: null, column: null };
  const lines = text.slice(0, at).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

function fromCedar(
  error: DetailedError,
  code: string,
  severity: PolicyFinding['severity'],
  place: Placer,
): PolicyFinding {
  const [where] = error.sourceLocations ?? [];
  return {
    severity,
    code,
    // All actions have the same types, so what is wrong for one of them is wrong, once.
    message: error.message
      .replace(/^for policy `policy\d+`, /, '')
      .replace(/ for Action::"(?:[^"\\]|\\.)*"/, ''),
    ...(where ? place(where.start) : { line: null, column: null }),
    expected: error.help ?? null,
  };
}
