import type { PolicyNote } from '#domain/governance/decision.ts';
import { SEVERITIES, type Severity } from '#domain/governance/severity.ts';
import { loadCedar, type PolicyJson } from './cedar.ts';
import { flat } from './flat.ts';
import { type Looks, looksOf } from './looks.ts';
import { type RulesOut, rulesOut } from './slice.ts';

/** One policy of a set, as the engine takes it. */
export interface CompiledPolicy {
  note: PolicyNote;
  json: PolicyJson;
  /** The same for Cedar to evaluate faster. */
  flat: PolicyJson;
  /** For which requests it need not be looked at (PERF-4). */
  rulesOut: RulesOut;
}

/** What a request is judged by; what its members say of themselves by id. */
export interface CompiledSet {
  policies: readonly CompiledPolicy[];
  notes: ReadonlyMap<string, PolicyNote>;
  looks: Looks;
}

/** @throws {PolicyTextError} when Cedar cannot read them together: a set judges as a whole or not at all. */
export function setOf(policies: readonly CompiledPolicy[]): CompiledSet {
  const read = loadCedar().checkParsePolicySet({ staticPolicies: byId(policies) });
  if (read.type === 'failure') throw new PolicyTextError(read.errors[0]?.message ?? 'unreadable');
  return {
    policies,
    notes: new Map(policies.map(({ note }) => [note.id, note])),
    looks: looksOf(policies.map(({ json }) => json)),
  };
}

export const byId = (
  policies: readonly Pick<CompiledPolicy, 'note' | 'json'>[],
): Record<string, PolicyJson> => Object.fromEntries(policies.map(({ note, json }) => [note.id, json]));

/** A policy's text that Cedar cannot read, or that has no usable id. Checked before anything is published. */
export class PolicyTextError extends Error {}

/** Policies pass through JSON, whose numbers lose digits beyond 2^53; of some of those Cedar then throws out of its own code. */
export function hasExactNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(hasExactNumbers);
}

const severityOf = (text: string | undefined): Severity | null =>
  SEVERITIES.find((severity) => severity === text) ?? null;

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');

/** GOV-5: whoever writes the policy need not say it: an approval lifts exactly the policies that ask for one. */
const lifted = (json: PolicyJson): PolicyJson => ({
  ...json,
  conditions: [
    ...json.conditions,
    { kind: 'unless', body: { '.': { left: { Var: 'context' }, attr: 'approved' } } },
  ],
});

/** The policies of a text by their place in it. `prefix` keeps a tenant's ids apart from the built-in ones. */
export function compile(text: string, prefix = '', first = 0): CompiledPolicy[] {
  if (text.trim() === '') return [];
  const cedar = loadCedar();
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') throw new PolicyTextError(parts.errors[0]?.message ?? 'unreadable');
  const compiled = parts.policies.map((policy) => {
    const read = cedar.policyToJson(policy);
    if (read.type === 'failure') throw new PolicyTextError(read.errors[0]?.message ?? 'unreadable');
    const { json } = read;
    if (!hasExactNumbers(json)) throw new PolicyTextError('a policy has a number beyond ±9007199254740991');
    const notes = json.annotations ?? {};
    if (!notes.id) throw new PolicyTextError('a policy has no @id');
    const id = `${prefix}${notes.id}`;
    const asks = json.effect === 'forbid' && notes.decision === 'require_approval';
    const note: PolicyNote = {
      id,
      effect: json.effect,
      asks,
      name: prefix === '' ? (notes.name ?? id) : id,
      reason: notes.reason ?? (json.effect === 'permit' ? `${id} permits it.` : `${id} forbids it.`),
      remedy: notes.remedy ?? null,
      severity: asks ? null : severityOf(notes.severity),
      always: notes.observe === 'no',
      labels: json.effect === 'permit' ? list(notes.label) : [],
      order: text.indexOf(`@id("${notes.id}")`),
    };
    return { note, json: asks ? lifted(json) : json };
  });
  return compiled
    .sort((a, b) => a.note.order - b.note.order)
    .map(({ note, json }, place) => ({
      note: { ...note, order: prefix === '' ? first + place : first },
      json,
      flat: flat(json),
      rulesOut: rulesOut(json),
    }));
}
