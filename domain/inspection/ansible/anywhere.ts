import { forbiddenTarget } from '../../governance/targets.ts';
import { isReference, isSecretName, secretsInText } from '../secrets.ts';
import { scalars, type Value } from './document.ts';
import type { Found, Position } from './finding.ts';

export const REDACTED = '[redacted]';

/** Secrets in any value of the document: by the name beside it, or by its form. */
export function clearSecrets(root: Value): Found[] {
  const found: Found[] = [];
  for (const { key, at, text, vaulted } of scalars(root)) {
    if (vaulted || text.startsWith('$ANSIBLE_VAULT')) continue;
    const named = isSecretName(key) || /^ansible_(ssh_|become_|sudo_)?pass(word)?$/.test(key);
    const secret = named && !isReference(text) && !/\{\{/.test(text);
    if (secret || secretsInText(text).length > 0) found.push(clearSecret(key, at));
  }
  return found;
}

export const clearSecret = (key: string, at: Position): Found => ({
  rule: 'secret_in_clear',
  severity: 'critical',
  title: `A secret stands in clear${key === '' ? '' : ` in ${key.slice(0, 100)}`}`,
  body: 'Whoever can read the repository has it, and so has every copy of it.',
  at,
  quote: REDACTED,
  remedy: 'Replace the secret, and encrypt its successor with ansible-vault or read it from Vault.',
});

export function targetFound(name: string, at: Position): Found[] {
  const pattern = forbiddenTarget(name);
  if (pattern !== null)
    return [
      {
        rule: 'forbidden_target',
        severity: 'high',
        title: `${name.slice(0, 200)} may not be touched`,
        body: `It matches ${pattern}, which is forbidden for every tier.`,
        at,
        quote: name.slice(0, 300),
        remedy: 'Run it on a sandbox.',
      },
    ];
  if (name !== 'all' && name !== '*') return [];
  return [
    {
      rule: 'all_hosts',
      severity: 'medium',
      title: 'The play runs on every host there is',
      body: 'What it may touch depends on the inventory that somebody passes.',
      at,
      quote: name,
      remedy: 'Name the group.',
    },
  ];
}
