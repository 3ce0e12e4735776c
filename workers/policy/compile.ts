import type { PolicyNote } from '#domain/governance/decision.ts';
import { SEVERITIES, type Severity } from '#domain/governance/severity.ts';
import { loadCedar, type PolicyJson } from './cedar.ts';

/** One policy of a set, as the engine takes it. */
export interface CompiledPolicy {
  note: PolicyNote;
  json: PolicyJson;
}

/** A set as it is evaluated; what its members say of themselves by id. */
export interface CompiledSet {
  policies: readonly CompiledPolicy[];
  notes: ReadonlyMap<string, PolicyNote>;
  /** Names of attributes that any of them looks at, wherever they stand; null: one looks at the context as a whole. */
  attributes: ReadonlySet<string> | null;
}

export const setOf = (policies: readonly CompiledPolicy[]): CompiledSet => ({
  policies,
  notes: new Map(policies.map(({ note }) => [note.id, note])),
  attributes: policies.some(({ json }) => takesContextWhole(json.conditions))
    ? null
    : new Set(policies.flatMap(({ json }) => attributesIn(json.conditions))),
});

/** `context == {…}`, as opposed to `context.name` and `context has name`. */
function takesContextWhole(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(takesContextWhole);
  if (typeof value !== 'object' || value === null) return false;
  const { Var, attr, left } = value as { Var?: unknown; attr?: unknown; left?: { Var?: unknown } };
  if (Var === 'context') return true;
  if (attr !== undefined && left?.Var === 'context') return false;
  return Object.values(value).some(takesContextWhole);
}

/** `x.name` and `x has name`; a path after `has` is a list of names. */
function attributesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(attributesIn);
  if (typeof value !== 'object' || value === null) return [];
  const { attr } = value as { attr?: unknown };
  const own = typeof attr === 'string' ? [attr] : Array.isArray(attr) ? attr.map(String) : [];
  return [...own, ...Object.values(value).flatMap(attributesIn)];
}

/** A policy's text that Cedar cannot read, or that has no usable id. Checked before anything is published. */
export class PolicyTextError extends Error {}

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
    }));
}
