import { isObject, pointer } from '../../json-pointer.ts';
import { isReference, isSecretName, secretsInJson } from '../../secrets.ts';
import { REDACTED } from '../finding.ts';
import { brings, type ChangeRule, found, type PlanRule } from '../rule.ts';

/** True where a tree of sensitivity marks covers the path. */
function marked(marks: unknown, path: (string | number)[]): boolean {
  if (marks === true) return true;
  const [head, ...rest] = path;
  if (head === undefined) return false;
  if (Array.isArray(marks)) return marked(marks[Number(head)], rest);
  return isObject(marks) && marked(marks[String(head)], rest);
}

/** Text about the resource: a word there is no secret, and a credential in it is for people to remove. */
const PROSE = new Set(['description', 'comment', 'tags', 'tags_all', 'labels']);

/** A secret stands readable in the values that the plan brings about. The value itself is never repeated. */
export const clearSecret: ChangeRule = (change) => {
  if (!brings(change)) return [];
  const hits = secretsInJson(change.after).filter(
    ({ path }) => !PROSE.has(String(path[0])) && !marked(change.after_sensitive, path),
  );
  const seen = new Set<string>();
  return hits
    .filter(({ path, inner }) => {
      const key = pointer(...path, '', ...inner);
      return !seen.has(key) && seen.add(key);
    })
    .map(({ path, inner }) =>
      found(change, {
        rule: 'secret_in_clear',
        severity: 'high',
        title: `${change.address}: a secret stands in clear in ${String(path[0])}`,
        body: `The value at ${pointer(...path)}${inner.length > 0 ? `, inside it at ${pointer(...inner)},` : ''} looks like a password, key or token and is not marked sensitive. It will be readable in state, logs and consoles.`,
        path: ['after', ...path],
        quote: REDACTED,
        remedy:
          'Rotate it, keep it in a secret store, and pass a reference that the service resolves at start.',
      }),
    );
};

/** Input variables are written into the plan file as they are, unless the configuration declares them sensitive. */
export const clearVariables: PlanRule = ({ document }) => {
  const variables = isObject(document.variables) ? document.variables : {};
  const configuration = isObject(document.configuration) ? document.configuration : {};
  const root = isObject(configuration.root_module) ? configuration.root_module : {};
  const declared = isObject(root.variables) ? root.variables : {};
  return Object.entries(variables).flatMap(([name, variable]) => {
    const value = isObject(variable) ? variable.value : undefined;
    const declaration = declared[name];
    const sensitive = isObject(declaration) && declaration.sensitive === true;
    if (typeof value !== 'string' || sensitive || !isSecretName(name) || isReference(value)) return [];
    return [
      {
        rule: 'secret_in_clear' as const,
        severity: 'high' as const,
        title: `variable ${name} holds a secret in clear`.slice(0, 300),
        body: 'The variable is not declared sensitive, so its value is printed wherever the plan is.',
        address: '',
        pointer: pointer('variables', name, 'value').slice(0, 500),
        quote: REDACTED,
        remedy: 'Declare the variable sensitive, or read the value from a secret store; rotate it.',
      },
    ];
  });
};
