import { isObject, type JsonObject } from '../json-pointer.ts';
import { STATEFUL } from './catalogue.ts';
import type { TerraformInspection } from './finding.ts';
import type { PlannedChange, TerraformPlan } from './plan.ts';
import { destroys } from './rule.ts';

type BlastRadius = TerraformInspection['blast_radius'];

/** Addresses that an expression tree of the configuration refers to. */
function references(expression: unknown): string[] {
  if (Array.isArray(expression)) return expression.flatMap(references);
  if (!isObject(expression)) return [];
  const own = Array.isArray(expression.references)
    ? expression.references.filter((item): item is string => typeof item === 'string')
    : [];
  return [...own, ...Object.values(expression).flatMap(references)];
}

/** Each configured resource of the root module with what it refers to. */
function referenceGraph(document: JsonObject): Map<string, string[]> {
  const configuration = isObject(document.configuration) ? document.configuration : {};
  const root = isObject(configuration.root_module) ? configuration.root_module : {};
  const resources = Array.isArray(root.resources) ? root.resources.filter(isObject) : [];
  return new Map(
    resources
      .filter((resource) => typeof resource.address === 'string')
      .map((resource) => [String(resource.address), references(resource.expressions)]),
  );
}

/** `aws_db_instance.checkout.address` refers to `aws_db_instance.checkout`; an index does not make it another resource. */
const refersTo = (reference: string, address: string): boolean =>
  reference === address || reference.startsWith(`${address}.`) || reference.startsWith(`${address}[`);

function dependents(graph: Map<string, string[]>, lost: string[]): string[] {
  const reached = new Set(lost.map((address) => address.replace(/\[.*?\]$/, '')));
  const started = new Set(reached);
  for (let grew = true; grew; ) {
    grew = false;
    for (const [address, refs] of graph) {
      if (!reached.has(address) && refs.some((ref) => [...reached].some((one) => refersTo(ref, one)))) {
        reached.add(address);
        grew = true;
      }
    }
  }
  return [...reached].filter((address) => !started.has(address)).sort();
}

const CHANGES = new Set<PlannedChange['action']>(['create', 'update', 'replace', 'destroy']);

/** How far a plan reaches: high as soon as data is destroyed, or a fifth and at least five of the changes destroy something. */
export function blastRadius(plan: TerraformPlan): BlastRadius {
  const changed = plan.changes.filter(({ mode, action }) => mode === 'managed' && CHANGES.has(action));
  const lost = changed.filter(destroys);
  const stateful = lost.filter(({ type }) => type in STATEFUL);
  const reach = dependents(
    referenceGraph(plan.document),
    lost.map(({ address }) => address),
  );
  return {
    changed: changed.length,
    destroyed: lost.length,
    stateful_destroyed: stateful.length,
    dependents: reach.slice(0, 200),
    level: level(changed.length, lost.length, stateful.length),
  };
}

function level(changed: number, lost: number, stateful: number): BlastRadius['level'] {
  if (stateful > 0 || (lost >= 5 && lost * 5 >= changed)) return 'high';
  if (lost > 0 || changed > 20) return 'medium';
  return changed > 0 ? 'low' : 'none';
}
