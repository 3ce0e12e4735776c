import { isObject, type JsonObject, parseJson } from '../json-pointer.ts';

/** One statement of an AWS policy document, with its lists made uniform. */
export interface Statement {
  effect: string;
  actions: string[];
  not_actions: string[];
  resources: string[];
  not_resources: string[];
  /** True when the principal is everyone. */
  anyone: boolean;
  conditional: boolean;
}

const list = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');

function everyone(principal: unknown): boolean {
  if (principal === '*') return true;
  return isObject(principal) && Object.values(principal).some((value) => list(value).includes('*'));
}

const statement = (entry: JsonObject): Statement => ({
  effect: String(entry.Effect),
  actions: list(entry.Action),
  not_actions: list(entry.NotAction),
  resources: list(entry.Resource),
  not_resources: list(entry.NotResource),
  anyone: everyone(entry.Principal),
  conditional: isObject(entry.Condition) && Object.keys(entry.Condition).length > 0,
});

/** The statements of a policy attribute: a JSON string, as Terraform keeps it. Anything else has none. */
export function policyStatements(attribute: unknown): Statement[] {
  const document = typeof attribute === 'string' ? parseJson(attribute) : attribute;
  if (!isObject(document)) return [];
  const entries = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  return entries.filter(isObject).map(statement);
}

/** The words of `source` that give `key` the value `value`, exactly as they stand there; the bare value when not found. */
export function quoteMember(source: unknown, key: string, value: string): string {
  if (typeof source !== 'string') return value;
  const literal = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`"${key}"\\s*:\\s*(\\[[^\\]]*)?"${literal}"`).exec(source)?.[0].slice(0, 500) ?? value;
}
