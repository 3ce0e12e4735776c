import type { PolicyRequest } from '#domain/governance/request.ts';
import type { EntityUidJson, Expr } from './cedar.ts';

/**
 * PERF-4: what an expression of a policy certainly is for a request, known without asking Cedar; or `UNKNOWN`, which may be anything, an
 * evaluation error included. It follows Cedar's order: what stands left of `&&` and `||` comes first, and what that leaves out is never looked
 * at. Whatever is not spelled out here is unknown.
 */
export const UNKNOWN = Symbol('unknown');
const ARGUMENTS = Symbol('arguments');

export class Entity {
  readonly type: string;
  readonly id: string;
  constructor(type: string, id: string) {
    this.type = type;
    this.id = id;
  }
}

export type Value = boolean | number | string | Entity | typeof UNKNOWN | typeof ARGUMENTS | object;
export type Term = (request: PolicyRequest) => Value;
type Operands = { left: Expr; right: Expr };

export const unknown: Term = () => UNKNOWN;

export const principal: Term = ({ principal: { id } }) => new Entity('Agent', id);
export const action: Term = (request) => new Entity('Action', request.action);
export const resource: Term = (request) => new Entity('Target', request.resource.name);

export const entity = (uid: EntityUidJson): Entity => {
  const { type, id } = '__entity' in uid ? uid.__entity : uid;
  return new Entity(type, id);
};

export const and = (left: Term, right: Term): Term => {
  return (request) => {
    const first = left(request);
    return first === true ? truth(right(request)) : first === false ? false : UNKNOWN;
  };
};
const or = (left: Term, right: Term): Term => {
  return (request) => {
    const first = left(request);
    return first === false ? truth(right(request)) : first === true ? true : UNKNOWN;
  };
};
export const not = (arg: Term): Term => {
  return (request) => {
    const it = arg(request);
    return typeof it === 'boolean' ? !it : UNKNOWN;
  };
};
const truth = (value: Value): Value => (typeof value === 'boolean' ? value : UNKNOWN);

const binary = (
  operands: Operands,
  apply: (left: Value, right: Value, request: PolicyRequest) => Value,
): Term => {
  const [left, right] = [term(operands.left), term(operands.right)];
  return (request) => apply(left(request), right(request), request);
};

export function term(expr: Expr): Term {
  const entries = Object.entries(expr);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1 || !Object.hasOwn(TERMS, entry[0])) return unknown;
  return TERMS[entry[0]]?.(entry[1] as never) ?? unknown;
}

/** By operator. What has none, extension functions and `has` among them, is unknown. */
const TERMS: Record<string, (body: never) => Term> = {
  Value: (value: unknown) => constant(value),
  Var: (name: string) => VARIABLES[name] ?? unknown,
  '.': ({ left, attr }: { left: Expr; attr: string }) => attribute(term(left), attr),
  '!': ({ arg }: { arg: Expr }) => not(term(arg)),
  '&&': ({ left, right }: Operands) => and(term(left), term(right)),
  '||': ({ left, right }: Operands) => or(term(left), term(right)),
  '==': (operands: Operands) => binary(operands, same),
  '!=': (operands: Operands) =>
    binary(operands, (a, b) => {
      const equal = same(a, b);
      return typeof equal === 'boolean' ? !equal : UNKNOWN;
    }),
  '<': (operands: Operands) =>
    binary(
      operands,
      ordered((a, b) => a < b),
    ),
  '<=': (operands: Operands) =>
    binary(
      operands,
      ordered((a, b) => a <= b),
    ),
  '>': (operands: Operands) =>
    binary(
      operands,
      ordered((a, b) => a > b),
    ),
  '>=': (operands: Operands) =>
    binary(
      operands,
      ordered((a, b) => a >= b),
    ),
  contains: (operands: Operands) => binary(operands, contains),
  hasTag: (operands: Operands) => binary(operands, hasTag),
  getTag: (operands: Operands) => binary(operands, getTag),
  like: ({ left, pattern }: { left: Expr; pattern: Pattern }) => like(term(left), pattern),
  Set: (members: Expr[]) => set(members.map(term)),
};

const VARIABLES: Record<string, Term> = {
  principal,
  action,
  resource,
  context: ({ context }) => context,
};

/** Numbers beyond 2^53 have lost their last digits in JSON. */
function constant(value: unknown): Term {
  const plain = typeof value === 'boolean' || typeof value === 'string' || Number.isSafeInteger(value);
  if (plain) return () => value as Value;
  if (typeof value !== 'object' || value === null || !('__entity' in value)) return unknown;
  const known = entity(value as EntityUidJson);
  return () => known;
}

function attribute(of: Term, name: string): Term {
  const read = (values: object): Value =>
    Object.hasOwn(values, name) ? ((values as Record<string, Value>)[name] ?? UNKNOWN) : UNKNOWN;
  return (request) => {
    const it = of(request);
    if (it === request.context && name === 'arguments') return ARGUMENTS;
    if (it instanceof Entity) {
      if (it.type === 'Agent' && it.id === request.principal.id && name !== 'id')
        return read(request.principal);
      return it.type === 'Target' && it.id === request.resource.name ? read(request.resource) : UNKNOWN;
    }
    return typeof it === 'object' && !Array.isArray(it) ? read(it) : UNKNOWN;
  };
}

const scalar = (value: Value): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** Different types are different; sets and records are compared by Cedar. */
function same(a: Value, b: Value): Value {
  if (a instanceof Entity && b instanceof Entity) return a.type === b.type && a.id === b.id;
  return scalar(a) && scalar(b) ? a === b : UNKNOWN;
}

const ordered =
  (holds: (a: number, b: number) => boolean) =>
  (a: Value, b: Value): Value =>
    typeof a === 'number' && typeof b === 'number' ? holds(a, b) : UNKNOWN;

function contains(members: Value, one: Value): Value {
  if (!Array.isArray(members) || one === UNKNOWN) return UNKNOWN;
  const found = members.map((member: Value) => same(member, one));
  if (found.includes(true)) return true;
  return found.includes(UNKNOWN) ? UNKNOWN : false;
}

const set =
  (members: readonly Term[]): Term =>
  (request) => {
    const values = members.map((member) => member(request));
    return values.every((value) => scalar(value) || value instanceof Entity) ? values : UNKNOWN;
  };

const hasTag = (of: Value, name: Value, { arguments: tags }: PolicyRequest): Value =>
  of === ARGUMENTS && typeof name === 'string' ? Object.hasOwn(tags, name) : UNKNOWN;

/** A tag that is not there is an error, and so unknown. */
const getTag = (of: Value, name: Value, { arguments: tags }: PolicyRequest): Value =>
  of === ARGUMENTS && typeof name === 'string' && Object.hasOwn(tags, name)
    ? (tags[name] ?? UNKNOWN)
    : UNKNOWN;

type Pattern = ('Wildcard' | { Literal: string })[];

/** First match wins between wildcards; the last literal has to stand at the end. */
function like(of: Term, pattern: Pattern): Term {
  const pieces: string[] = [''];
  for (const element of pattern) {
    if (element === 'Wildcard') pieces.push('');
    else pieces.push(`${pieces.pop() ?? ''}${element.Literal}`);
  }
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  const matches = (text: string): boolean => {
    if (last === undefined) return text === first;
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
  return (request) => {
    const text = of(request);
    return typeof text === 'string' ? matches(text) : UNKNOWN;
  };
}
