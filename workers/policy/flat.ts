import type { PolicyRequest } from '#domain/governance/request.ts';
import type { PolicyJson } from './cedar.ts';

/**
 * PERF-4: Cedar takes some 30 µs for each entity and each record that comes with a question, and far less for a value in its context. So
 * attributes of the agent, the target and the tool, and tags of the arguments under a fixed name, are read from values there. What a policy
 * means stays the same: what is missing is an error on either side. The schema knows no names with a `$`.
 */
export const flat = (policy: PolicyJson): PolicyJson => ({
  ...policy,
  conditions: policy.conditions.map(({ kind, body }) => ({ kind, body: read(body) as typeof body })),
});

type Owner = 'principal' | 'resource' | 'tool' | 'arguments';

/** One value that flat policies read: its name in the context, and where it comes from. */
export interface FlatValue {
  flat: string;
  of: Owner;
  name: string;
}

const flatName = (of: Owner, name: string): string => `$${of}.${name}`;

const FLAT = /^\$(principal|resource|tool|arguments)\.(.*)$/s;

/** Those among names of attributes. */
export const flatValuesIn = (attributes: Iterable<string>): FlatValue[] =>
  [...attributes].flatMap((flat) => {
    const [, of, name] = FLAT.exec(flat) ?? [];
    return of === undefined || name === undefined ? [] : [{ flat, of: of as Owner, name }];
  });

/** What a request has of them. */
export function flatContext(values: readonly FlatValue[], request: PolicyRequest): Record<string, unknown> {
  const { principal, resource, context } = request;
  const { id: _id, ...agent } = principal;
  const owners: Record<Owner, object> = {
    principal: agent,
    resource,
    tool: context.tool,
    arguments: request.arguments,
  };
  return Object.fromEntries(
    values
      .filter(({ of, name }) => Object.hasOwn(owners[of], name))
      .map(({ flat, of, name }) => [flat, (owners[of] as Record<string, unknown>)[name]]),
  );
}

type Node = Record<string, unknown>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** `context.name` */
function isPart(operand: unknown, name: string): boolean {
  if (!isNode(operand) || !isNode(operand['.'])) return false;
  const { left, attr } = operand['.'];
  return attr === name && isNode(left) && left.Var === 'context';
}

/** What an attribute is read of, where its values are in the context. */
function owner(operand: unknown): Owner | null {
  if (isPart(operand, 'tool')) return 'tool';
  const variable = isNode(operand) ? operand.Var : null;
  return variable === 'principal' || variable === 'resource' ? variable : null;
}

const TAGS: Readonly<Record<string, string>> = { getTag: '.', hasTag: 'has' };

/** An expression is an object with its operator as the only name. */
function read(expr: Node): Node {
  const [[operator, body] = ['', null]] = Object.entries(expr);
  if (operator === 'Value' || !isNode(body)) return expr;
  const { left, attr, right } = body;
  const value = (how: string, of: Owner, name: string): Node => ({
    [how]: { left: { Var: 'context' }, attr: flatName(of, name) },
  });
  if (operator === '.' || operator === 'has') {
    const of = owner(left);
    // A path after `has` is a list.
    if (of !== null && typeof attr === 'string') return value(operator, of, attr);
  }
  const [how, tag] = [TAGS[operator], isNode(right) ? right.Value : null];
  if (how !== undefined && isPart(left, 'arguments') && typeof tag === 'string')
    return value(how, 'arguments', tag);
  return { [operator]: operands(body) };
}

const operands = (body: Node | unknown[]): Node | unknown[] =>
  Array.isArray(body)
    ? body.map(operand)
    : Object.fromEntries(Object.entries(body).map(([name, value]) => [name, operand(value)]));

const operand = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(operand) : isNode(value) ? read(value) : value;
