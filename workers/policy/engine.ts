import type { PolicyAnswer } from '#domain/governance/decision.ts';
import type { PolicyRequest } from '#domain/governance/request.ts';
import { type EntityJson, loadCedar } from './cedar.ts';
import type { CompiledSet } from './compile.ts';

/** Cedar keeps parsed sets by name and forgets none, so names are used again: at most this many sets are held in memory. */
const SLOTS = 64;

/** Evaluates sets of policies (GOV-2). One per isolate, because Cedar's own memory is; a set is parsed once. */
class PolicyEngine {
  readonly #slots = new Map<string, string>();

  /** `key` names the set's exact content. Throws when Cedar fails; whoever asks turns that into a no. */
  evaluate(key: string, set: CompiledSet, request: PolicyRequest): PolicyAnswer {
    const cedar = loadCedar();
    const answer = cedar.statefulIsAuthorized(callOf(this.#slot(key, set), set.attributes, request));
    if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'Cedar failed');
    const { decision, diagnostics } = answer.response;
    return {
      allowed: decision === 'allow',
      determining: diagnostics.reason.map((id) => set.notes.get(id)).filter((note) => note !== undefined),
      errors: diagnostics.errors.map((error) => error.policyId),
    };
  }

  #slot(key: string, set: CompiledSet): string {
    const held = this.#slots.get(key);
    if (held !== undefined) {
      // Used last goes last: the one unused for longest gives way.
      this.#slots.delete(key);
      this.#slots.set(key, held);
      return held;
    }
    const oldest = this.#slots.keys().next();
    const full = this.#slots.size >= SLOTS && !oldest.done;
    const slot = full ? (this.#slots.get(oldest.value) ?? '') : `set${this.#slots.size}`;
    const parsed = loadCedar().preparsePolicySet(slot, {
      staticPolicies: Object.fromEntries(set.policies.map(({ note, json }) => [note.id, json])),
    });
    if (parsed.type === 'failure')
      throw new Error(parsed.errors[0]?.message ?? 'Cedar cannot read the policies');
    if (full) this.#slots.delete(oldest.value);
    this.#slots.set(key, slot);
    return slot;
  }
}

export const engine = new PolicyEngine();

const uid = (type: string, id: string) => ({ type, id });

/** Only what some policy looks at: most of a judgement's time is Cedar reading the request (PERF-4). */
const seen = <T extends object>(values: T, attributes: CompiledSet['attributes']): Partial<T> =>
  attributes === null
    ? values
    : (Object.fromEntries(Object.entries(values).filter(([name]) => attributes.has(name))) as Partial<T>);

/** The request is made by typed code, so Cedar need not check it against the schema again: that would double the time. */
function callOf(preparsedPolicySetId: string, attributes: CompiledSet['attributes'], request: PolicyRequest) {
  const agent = uid('Agent', request.principal.id);
  const target = uid('Target', request.resource.name);
  const call = uid('Arguments', 'call');
  const { id: _id, ...principal } = request.principal;
  const entities: EntityJson[] = [
    { uid: agent, attrs: seen(principal, attributes), parents: [] },
    { uid: target, attrs: seen(request.resource, attributes), parents: [] },
  ];
  const reads = attributes === null || attributes.has('arguments');
  if (reads) entities.push({ uid: call, attrs: {}, parents: [], tags: request.arguments });
  return {
    principal: agent,
    action: uid('Action', request.action),
    resource: target,
    context: { ...seen(request.context, attributes), ...(reads && { arguments: { __entity: call } }) },
    preparsedPolicySetId,
    validateRequest: false,
    entities,
  };
}
