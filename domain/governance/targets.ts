import { DEFAULT_FORBIDDEN_TARGETS } from '../inspection/terraform/catalogue.ts';

/** GOV-1: what acting tools may touch unless a policy says otherwise. */
export const ALLOWED_TARGETS: readonly string[] = ['localhost', 'sandbox-*'];
export const FORBIDDEN_TARGETS = DEFAULT_FORBIDDEN_TARGETS;

/** GOV-1: actions that no tier may take. They have no tool, and asking for one is a CRITICAL violation all the same. */
export const FORBIDDEN_ACTIONS = ['delete_production', 'access_vault_root', 'modify_governance'] as const;

/** `Delete-Production` and `deleteProduction` ask for the same thing as `delete_production`. */
const normalised = (name: string): string =>
  name
    .normalize('NFKC')
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();

/** The forbidden action that a tool's name asks for, also behind a prefix such as `aws.` or `mcp__ops__`; null for none. */
export function forbiddenAction(tool: string): string | null {
  const name = normalised(tool);
  const last = name.split(/[./:]|__/).at(-1) ?? name;
  return FORBIDDEN_ACTIONS.find((action) => action === name || action === last) ?? null;
}

const glob = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);

const compiled = new WeakMap<readonly string[], readonly { pattern: string; test: RegExp }[]>();

/** Compiled once per list: every judgement asks (PERF-4). */
function globs(patterns: readonly string[]): readonly { pattern: string; test: RegExp }[] {
  const known = compiled.get(patterns);
  if (known) return known;
  const made = patterns.map((pattern) => ({ pattern, test: glob(pattern) }));
  compiled.set(patterns, made);
  return made;
}

const spelled = (target: string): string => target.normalize('NFKC').trim().toLowerCase();

/** The pattern that forbids `target`. It is looked for in every part of the name: `db.prod-shop.example` is in production too. */
export function forbiddenTarget(
  target: string,
  patterns: readonly string[] = FORBIDDEN_TARGETS,
): string | null {
  const name = spelled(target);
  const parts = [name, ...name.split(/[./:@\s,;]+/)];
  return globs(patterns).find(({ test }) => parts.some((part) => test.test(part)))?.pattern ?? null;
}

/** Allowed names match as a whole: `sandbox-a` does, `sandbox-a.prod.example` and `sandbox-a, prod-b` do not. */
export const allowedTarget = (
  target: string,
  patterns: readonly string[] = ALLOWED_TARGETS,
): string | null => {
  const name = spelled(target);
  if (!/^[a-z0-9_-]+$/.test(name)) return null;
  return globs(patterns).find(({ test }) => test.test(name))?.pattern ?? null;
};
