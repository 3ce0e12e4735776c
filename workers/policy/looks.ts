import type { PolicyRequest } from '#domain/governance/request.ts';
import type { PolicyJson } from './cedar.ts';
import { type FlatValue, flatValuesIn } from './flat.ts';

/** What of a request some policies look at. */
export interface Looks {
  /** Names of attributes, wherever they stand; null: one policy looks at the context as a whole. */
  attributes: ReadonlySet<string> | null;
  /** One looks at `context.tool` as a whole, not at its parts. */
  wholeTool: boolean;
  /** One looks at which agent, action or target it is. */
  which: Readonly<Record<Scope, boolean>>;
  /** One reads attributes of an entity, other than from what `flat.ts` makes of them. */
  entities: boolean;
  flat: readonly FlatValue[];
}

type Scope = 'principal' | 'action' | 'resource';

export function looksOf(policies: readonly PolicyJson[]): Looks {
  const conditions = policies.map((policy) => policy.conditions);
  const named = namesEntity(conditions);
  const takes = (scope: Scope): boolean => holds(conditions, (node) => node.Var === scope);
  const which = (scope: Scope): boolean =>
    named || takes(scope) || policies.some((policy) => compares(policy[scope]));
  const attributes = takesWhole(conditions, isContext) ? null : new Set(attributesIn(conditions));
  return {
    attributes,
    wholeTool: takesWhole(conditions, isTool),
    which: { principal: which('principal'), action: which('action'), resource: which('resource') },
    flat: flatValuesIn(attributes ?? []),
    entities: named || takes('principal') || takes('resource'),
  };
}

/** A head that takes all, or all of a type, is the same for each of them. */
const compares = (head: PolicyJson[Scope]): boolean =>
  !(head.op === 'All' || (head.op === 'is' && head.in === undefined));

type Node = { Var?: unknown; attr?: unknown; left?: unknown; '.'?: unknown; __entity?: unknown };
type Is = (node: Node) => boolean;

function holds(value: unknown, is: Is): boolean {
  if (Array.isArray(value)) return value.some((one) => holds(one, is));
  return isNode(value) && (is(value) || Object.values(value).some((one) => holds(one, is)));
}

/** `Agent::"x"`, which a request's own may be: its attributes are found under its name. */
const namesEntity = (value: unknown): boolean => holds(value, (node) => node.__entity !== undefined);

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const isContext: Is = (node) => node.Var === 'context';
const isTool: Is = ({ '.': read }) =>
  isNode(read) && read.attr === 'tool' && isNode(read.left) && isContext(read.left);

/** `context == {…}`, as opposed to `context.name` and `context has name`. */
function takesWhole(value: unknown, is: Is): boolean {
  if (Array.isArray(value)) return value.some((one) => takesWhole(one, is));
  if (!isNode(value)) return false;
  if (is(value)) return true;
  if (value.attr !== undefined && isNode(value.left) && is(value.left)) return false;
  return Object.values(value).some((one) => takesWhole(one, is));
}

/** `x.name` and `x has name`; a path after `has` is a list of names. */
function attributesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(attributesIn);
  if (!isNode(value)) return [];
  const { attr } = value;
  const own = typeof attr === 'string' ? [attr] : Array.isArray(attr) ? attr.map(String) : [];
  return [...own, ...Object.values(value).flatMap(attributesIn)];
}

/**
 * Whether Cedar can read what it would be sent: lone surrogates and numbers that are no integers it cannot. It throws out of its own code then,
 * without giving back the stack it has used, and after some hundreds of such throws it can read nothing any more, for nobody.
 */
export function readable(request: PolicyRequest, { attributes }: Looks): boolean {
  const { principal, resource, context, arguments: tags } = request;
  const looked = (values: object): boolean =>
    Object.entries(values).every(([name, value]) => !(attributes?.has(name) ?? true) || plain(value));
  return (
    [principal.id, request.action, resource.name].every(plain) &&
    [principal, resource, context].every(looked) &&
    (!(attributes?.has('arguments') ?? true) || plain(tags))
  );
}

function plain(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.every(plain);
  if (!isNode(value)) return typeof value === 'boolean';
  return Object.entries(value).every(([name, part]) => plain(name) && plain(part));
}
