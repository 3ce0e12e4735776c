import { isReference, isSecretName } from '../secrets.ts';
import { clearSecret, clearSecrets, targetFound } from './anywhere.ts';
import { get, scalars, textOf, type Value } from './document.ts';
import type { Found, Position } from './finding.ts';

export interface Inventory {
  hosts: { name: string; at: Position }[];
  groups: number;
  /** With what each stands in: a host, or a group. */
  findings: (Found & { subject: string })[];
}

const PASSWORD = /^ansible_(ssh_|become_|sudo_)?pass(word)?$/;

function variableFound(key: string, text: string, at: Position): Found[] {
  if ((isSecretName(key) || PASSWORD.test(key)) && !isReference(text) && !text.includes('{{'))
    return [clearSecret(key, at)];
  if (key === 'ansible_user' && text === 'root')
    return [
      {
        rule: 'becomes_root',
        severity: 'low',
        title: 'It logs in as root',
        body: 'Nothing tells one person’s work from another’s.',
        at,
        quote: 'ansible_user=root',
        remedy: 'Log in as a person and use `become`.',
      },
    ];
  const unchecked =
    /StrictHostKeyChecking\s*=\s*no/i.test(text) ||
    (key === 'ansible_host_key_checking' && /^(false|no)$/i.test(text));
  if (!unchecked) return [];
  return [
    {
      rule: 'host_key_unchecked',
      severity: 'medium',
      title: 'Host keys are not checked',
      body: 'Whoever answers at the address is taken for the host.',
      at,
      quote: `${key}=${text}`.slice(0, 300),
      remedy: 'Keep known hosts, and check them.',
    },
  ];
}

/** `[group]`, `[group:vars]`, and lines of `host key=value …`. */
export function readIni(text: string): Inventory | null {
  const inventory: Inventory = { hosts: [], groups: 0, findings: [] };
  let section = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    const at = { line: index + 1, column: line.length - line.trimStart().length + 1 };
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const heading = /^\[([^\]\s]+)\]$/.exec(trimmed);
    if (heading) {
      section = heading[1] ?? '';
      if (!section.includes(':')) inventory.groups += 1;
      continue;
    }
    const variables = section.endsWith(':vars');
    const [name = ''] = trimmed.split(/\s+/);
    if (!variables && !/^[\w.*:[\]-]+$/.test(name)) return null;
    const subject = variables ? section.slice(0, -5) : name;
    const add = (found: Found[]) => inventory.findings.push(...found.map((one) => ({ ...one, subject })));
    if (!variables && !section.endsWith(':children')) {
      inventory.hosts.push({ name, at });
      add(targetFound(name, at));
    }
    for (const pair of line.matchAll(/([\w-]+)\s*=\s*("[^"]*"|'[^']*'|\S+)/g)) {
      const [, key = '', value = ''] = pair;
      add(variableFound(key, value.replace(/^["']|["']$/g, ''), { line: at.line, column: pair.index + 1 }));
    }
  }
  return inventory.groups > 0 || inventory.hosts.length > 1 ? inventory : null;
}

/** YAML: groups with `hosts`, `children` and `vars`, under `all` or under names of their own. */
export function readYamlInventory(root: Value): Inventory | null {
  const inventory: Inventory = { hosts: [], groups: 0, findings: [] };
  const group = (value: Value, depth: number): boolean => {
    if (value.kind !== 'map' || depth > 20) return false;
    const hosts = get(value, 'hosts');
    const children = get(value, 'children');
    if (hosts === undefined && children === undefined && get(value, 'vars') === undefined) return false;
    inventory.groups += 1;
    if (hosts?.kind === 'map')
      for (const [name, { at, value: variables }] of hosts.entries) {
        inventory.hosts.push({ name, at });
        inventory.findings.push(...targetFound(name, at).map((found) => ({ ...found, subject: name })));
        settings(variables, name);
      }
    if (children?.kind === 'map')
      for (const { value: child } of children.entries.values()) group(child, depth + 1);
    const vars = get(value, 'vars');
    if (vars) settings(vars, '');
    return true;
  };
  const settings = (value: Value, subject: string): void => {
    const plain = [...scalars(value)].flatMap(({ key, text, at, vaulted }) =>
      vaulted || isSecretName(key) || PASSWORD.test(key) ? [] : variableFound(key, text, at),
    );
    inventory.findings.push(...[...plain, ...clearSecrets(value)].map((found) => ({ ...found, subject })));
  };
  if (root.kind !== 'map' || textOf(root) !== '') return null;
  const found = [...root.entries.values()].map(({ value }) => group(value, 0));
  return found.some(Boolean) && found.every((is, n) => is || isEmpty([...root.entries.values()][n]?.value))
    ? inventory
    : null;
}

const isEmpty = (value: Value | undefined): boolean => value?.kind === 'scalar' && value.value === null;
