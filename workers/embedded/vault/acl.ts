import type { Capability, PolicyRule } from './hcl.ts';

/**
 * Vault's rule of precedence, from its policy documentation: the pattern whose first wildcard comes later wins; then one
 * that does not end in `*`; then the one with fewer `+`; then the longer; then the lexicographically greater.
 */
function moreSpecific(a: string, b: string): number {
  const firstWildcard = (path: string) => {
    const at = path.search(/\+|\*$/);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  };
  const plusses = (path: string) => path.split('/').filter((segment) => segment === '+').length;
  const compare = (x: number, y: number) => (x === y ? 0 : x > y ? -1 : 1);
  return (
    compare(firstWildcard(a), firstWildcard(b)) ||
    compare(Number(b.endsWith('*')), Number(a.endsWith('*'))) ||
    compare(plusses(b), plusses(a)) ||
    compare(a.length, b.length) ||
    (a > b ? -1 : 1)
  );
}

/** Does a policy path match a request path? `+` is one whole segment, a trailing `*` any rest. */
export function pathMatches(pattern: string, path: string): boolean {
  if (!pattern.includes('+')) {
    return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
  }
  const glob = pattern.endsWith('*');
  const wanted = (glob ? pattern.slice(0, -1) : pattern).split('/');
  const given = path.split('/');
  if (glob ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((segment, index) => {
    const value = given[index] ?? '';
    if (segment === '+') return true;
    return glob && index === wanted.length - 1 ? value.startsWith(segment) : segment === value;
  });
}

/** The capabilities on a path: those of the most specific matching path, joined over policies; `deny` beats all. */
export function capabilitiesOn(rules: PolicyRule[], path: string): Set<Capability> {
  const matching = rules.filter((rule) => pathMatches(rule.path, path));
  const winner = matching.map((rule) => rule.path).sort(moreSpecific)[0];
  const capabilities = new Set(
    matching.filter((rule) => rule.path === winner).flatMap((rule) => rule.capabilities),
  );
  return capabilities.has('deny') ? new Set<Capability>(['deny']) : capabilities;
}

/** For a LIST Vault takes a rule for either spelling of the folder: an exact one first, then patterns, without the slash before with it. */
export function listCapabilitiesOn(rules: PolicyRule[], path: string): Set<Capability> {
  const folder = `${path}/`;
  const exact = [folder, path].find((spelling) => rules.some((rule) => rule.path === spelling));
  const matched = [path, folder].find((spelling) => rules.some((rule) => pathMatches(rule.path, spelling)));
  return capabilitiesOn(rules, exact ?? matched ?? path);
}
