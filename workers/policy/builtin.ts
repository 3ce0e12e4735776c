/// <reference path="./modules.d.ts" />
import approvals from './builtin/approvals.cedar';
import limits from './builtin/limits.cedar';
import permits from './builtin/permits.cedar';
import schema from './builtin/schema.cedarschema';
import sequence from './builtin/sequence.cedar';
import { type CompiledPolicy, compile } from './compile.ts';

/** GOV-4: the set that every tenant has. A change of behaviour is a new name. */
export const BUILTIN = 'builtin-2';

/** What nobody can widen, gravest first. */
export const LIMITS_TEXT = [limits, sequence, approvals].join('\n');
/** What a tenant's own permits replace. */
export const PERMITS_TEXT = permits;
export const SCHEMA_TEXT = schema;

let compiled: { limits: CompiledPolicy[]; permits: CompiledPolicy[] } | null = null;

/** Parsed at the first use. */
export function builtin(): { limits: CompiledPolicy[]; permits: CompiledPolicy[] } {
  if (compiled === null) {
    const forbids = compile(LIMITS_TEXT);
    compiled = { limits: forbids, permits: compile(PERMITS_TEXT, '', forbids.length) };
  }
  return compiled;
}

/** One action per tool; policies may name tools that exist elsewhere only. */
export const schemaWith = (tools: Iterable<string>): string => {
  const actions = [...new Set(tools)].map(
    (tool) =>
      `action ${JSON.stringify(tool)} appliesTo { principal: [Agent], resource: [Target], context: Facts };`,
  );
  return [SCHEMA_TEXT, ...actions].join('\n');
};

/** How many policies every tenant is judged by. */
export const builtinPolicies = (): number => builtin().limits.length + builtin().permits.length;
