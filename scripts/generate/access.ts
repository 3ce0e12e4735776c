import { readFileSync, writeFileSync } from 'node:fs';
import { ACCESS_ROLES } from '#domain/governance/access-role.ts';
import { ACCESS, type Access, FOR_AGENTS, TENANT_WIDE } from '#workers/api/access.ts';

const TARGET = new URL('../../docs/access.md', import.meta.url);

const HEAD = `# Who may do what

Generated from \`workers/api/access.ts\` by \`npm run docs:access\`; \`npm run check\` refuses a copy that is out of date. The test
\`tests/10-tenants/access-table.workerd.test.ts\` proves every cell over the real app (TEN-4).

- **yes**: the role may, within its own tenant. Without a key or session the answer is 401, for another role 403.
- **no**: 403, before anything of the request is looked at.
- Ids of another tenant are 404, as if they did not exist, for every role and every endpoint.
- *(whole tenant)*: a key that is limited to some projects may not, whatever its role.
- *platform* is the platform admin's key: it opens no tenant's data. *anyone* needs no key.
- *agent* is the session token of an agent that runs elsewhere (GOV-7): its own pipeline and its own actions, nothing else.
`;

function cells(access: Access): string[] {
  if (access === 'open') return ['anyone', ...ACCESS_ROLES.map(() => 'yes'), 'yes'];
  if (access === 'platform') return ['401', ...ACCESS_ROLES.map(() => 'no'), 'yes'];
  if (!Array.isArray(access)) return [String(access), ...ACCESS_ROLES.map(() => 'no'), 'no'];
  return [
    '401',
    ...ACCESS_ROLES.map((role) => (access.includes(role) ? 'yes' : 'no')),
    access.includes('platform') ? 'yes' : 'no',
  ];
}

/** The table of rights as Markdown, one row an endpoint, in the order of the source. */
export function renderAccess(): string {
  const rows = Object.entries(ACCESS as Record<string, Access>).map(([name, access]) => {
    const wide = (TENANT_WIDE as ReadonlySet<string>).has(name) ? ' *(whole tenant)*' : '';
    const agent = access === 'open' || (FOR_AGENTS as ReadonlySet<string>).has(name) ? 'yes' : 'no';
    return `| \`${name}\`${wide} | ${cells(access).join(' | ')} | ${agent} |`;
  });
  const columns = ['Endpoint', 'no key', ...ACCESS_ROLES, 'platform', 'agent'];
  return `${HEAD}\n| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|\n${rows.join('\n')}\n`;
}

/** Whether the copy in `docs/` says what the source says. */
export const accessIsCurrent = (): boolean => {
  try {
    return readFileSync(TARGET, 'utf8') === renderAccess();
  } catch {
    return false;
  }
};

if (import.meta.main) writeFileSync(TARGET, renderAccess());
