import type { PolicyAnswer } from '#domain/governance/decision.ts';
import type { PolicyRequest } from '#domain/governance/request.ts';
import { type EntityJson, loadCedar, type StatefulAuthorizationCall } from './cedar.ts';
import { byId, type CompiledPolicy, type CompiledSet } from './compile.ts';
import { flatContext } from './flat.ts';
import { type Looks, looksOf, readable } from './looks.ts';
import { Recent } from './recent.ts';
import { sliceOf } from './slice.ts';

/** What Cedar keeps parsed: policies and, as some more of them, the slices they stand in. Some megabytes of the Worker's 128. */
const HELD_POLICIES = 8_000;
const WEIGHT_OF_SLICE = 8;
/** Answers kept, each with what Cedar was asked, up to this many characters: a megabyte or two. */
const HELD_ANSWERS = 2_048;
const LONGEST_QUESTION = 1_024;

/** Policies of a set as Cedar has them parsed under a name, and what they look at. */
interface Slice {
  name: string;
  size: number;
  looks: Looks;
  /** Unlike its name never used again. */
  serial: number;
}

/** Evaluates sets of policies (GOV-2). One per isolate, because Cedar's own memory is; what a request leaves of a set is parsed once. */
class PolicyEngine {
  readonly #slices = new Recent<Slice>(
    HELD_POLICIES,
    ({ size }) => size + WEIGHT_OF_SLICE,
    ({ name }) => {
      loadCedar().preparsePolicySet(name, { staticPolicies: {} });
      this.#free.push(name);
    },
  );
  /** By slice and question: Cedar answers the same question about the same policies always the same (PERF-4). */
  readonly #answers = new Recent<PolicyAnswer>(HELD_ANSWERS);
  /** Cedar keeps what it parsed by name and forgets no name, so names are used again. */
  readonly #free: string[] = [];
  #parsed = 0;

  /** `key` names the set's exact content. Throws when Cedar fails; whoever asks turns that into a no. */
  evaluate(key: string, set: CompiledSet, request: PolicyRequest): PolicyAnswer {
    // By what the whole set looks at: what some policy cannot be shown is refused, whichever policies are left over.
    if (!readable(request, set.looks)) throw new Error('Cedar cannot read the request');
    const slice = this.#slice(key, sliceOf(set.policies, request));
    const question = questionFor(slice.looks, request);
    const asked = `${slice.serial} ${JSON.stringify(question)}`;
    const known = this.#answers.get(asked);
    if (known !== undefined) return known;
    const answer = answerOf(slice.name, question, set);
    if (asked.length <= LONGEST_QUESTION) this.#answers.set(asked, answer);
    return answer;
  }

  #slice(set: string, policies: readonly CompiledPolicy[]): Slice {
    const key = `${set}:${policies.map(({ note }) => note.id).join(' ')}`;
    const held = this.#slices.get(key);
    if (held !== undefined) return held;
    const slice = this.#parse(policies);
    this.#slices.set(key, slice);
    return slice;
  }

  #parse(policies: readonly CompiledPolicy[]): Slice {
    this.#parsed += 1;
    const name = this.#free.pop() ?? `slice${this.#parsed}`;
    // Where one compares the context as a whole, nothing may be added to it.
    const plain = looksOf(policies.map(({ json }) => json));
    const read = plain.attributes === null ? policies : policies.map((one) => ({ ...one, json: one.flat }));
    const parsed = loadCedar().preparsePolicySet(name, { staticPolicies: byId(read) });
    if (parsed.type === 'failure') {
      this.#free.push(name);
      throw new Error(parsed.errors[0]?.message ?? 'Cedar cannot read the policies');
    }
    const looks = plain.attributes === null ? plain : looksOf(read.map(({ json }) => json));
    return { name, size: policies.length, looks, serial: this.#parsed };
  }
}

export const engine = new PolicyEngine();

/** In place of a name that no policy looks at, so that questions which differ in it alone are the same. */
const ANY = 'any';

const uid = (type: string, id: string) => ({ type, id });

type Question = Omit<StatefulAuthorizationCall, 'preparsedPolicySetId'>;

function answerOf(slice: string, question: Question, { notes }: CompiledSet): PolicyAnswer {
  const answer = loadCedar().statefulIsAuthorized({ ...question, preparsedPolicySetId: slice });
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'Cedar failed');
  const { decision, diagnostics } = answer.response;
  return {
    allowed: decision === 'allow',
    determining: diagnostics.reason.map((id) => notes.get(id)).filter((note) => note !== undefined),
    errors: diagnostics.errors.map((error) => error.policyId),
  };
}

/** Only what some policy looks at: most of a judgement's time is Cedar reading the request (PERF-4). */
const seen = (values: object, attributes: Looks['attributes']): EntityJson['attrs'] =>
  attributes === null
    ? { ...values }
    : Object.fromEntries(Object.entries(values).filter(([name]) => attributes.has(name)));

/** The request is made by typed code, so Cedar need not check it against the schema again: that would double the time. */
function questionFor(
  { attributes, wholeTool, which, entities: reads, flat }: Looks,
  request: PolicyRequest,
): Question {
  const agent = uid('Agent', which.principal ? request.principal.id : ANY);
  const target = uid('Target', which.resource ? request.resource.name : ANY);
  const call = uid('Arguments', 'call');
  const { id: _id, ...principal } = request.principal;
  const entities: EntityJson[] = [];
  // An entity without attributes and one that is not there are the same to every expression.
  const add = (entity: EntityJson): void => {
    if (Object.keys(entity.attrs).length > 0) entities.push(entity);
  };
  if (reads || attributes === null) {
    add({ uid: agent, attrs: seen(principal, attributes), parents: [] });
    add({ uid: target, attrs: seen(request.resource, attributes), parents: [] });
  }
  const context = seen(request.context, attributes);
  if (context.tool !== undefined && !wholeTool) context.tool = seen(request.context.tool, attributes);
  Object.assign(context, flatContext(flat, request));
  if (attributes === null || attributes.has('arguments')) {
    entities.push({ uid: call, attrs: {}, parents: [], tags: request.arguments });
    context.arguments = { __entity: call };
  }
  return {
    principal: agent,
    action: uid('Action', which.action ? request.action : ANY),
    resource: target,
    context,
    validateRequest: false,
    entities,
  };
}
