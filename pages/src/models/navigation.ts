import type { Caller } from '#contract/access.ts';

/** A page in the main navigation. `roles`: who can do something with it; everybody, where it is absent (TEN-2). */
export interface Page {
  path: string;
  label: string;
  roles?: readonly Caller['role'][];
}

const OVERSIGHT = ['admin', 'auditor'] as const;

/** UI-1: the pages of the product, in the order in which a team meets them. */
export const NAVIGATION = [
  {
    title: 'Run',
    pages: [
      { path: '/', label: 'Pipelines' },
      { path: '/approvals', label: 'Approvals' },
      { path: '/agents', label: 'Agents' },
    ],
  },
  {
    title: 'Govern',
    pages: [
      { path: '/violations', label: 'Violations' },
      { path: '/promotions', label: 'Tiers and promotion' },
      { path: '/policies', label: 'Policies' },
      { path: '/mcp-servers', label: 'MCP servers' },
      { path: '/stops', label: 'Kill switches' },
    ],
  },
  {
    title: 'Prove',
    pages: [
      { path: '/ledger', label: 'Ledger' },
      { path: '/witnesses', label: 'Signed log' },
      { path: '/verify', label: 'Verify evidence' },
    ],
  },
  {
    title: 'Operate',
    pages: [
      { path: '/access', label: 'Keys and people', roles: OVERSIGHT },
      { path: '/quotas', label: 'Quotas and usage' },
      { path: '/health', label: 'Health' },
    ],
  },
] as const satisfies readonly { title: string; pages: readonly Page[] }[];

export type PagePath = (typeof NAVIGATION)[number]['pages'][number]['path'];

export interface NavigationGroup {
  title: string;
  pages: (Page & { path: PagePath })[];
}

/** What this caller is offered; a group without pages is left out. */
export const navigationFor = (role: Caller['role']): NavigationGroup[] =>
  NAVIGATION.map(({ title, pages }) => ({
    title,
    pages: pages.filter((page: Page) => page.roles?.includes(role) ?? true),
  })).filter(({ pages }) => pages.length > 0);

/** A page is current on its own address and on those below it; a pipeline's page belongs to the list. */
export function isCurrent(page: string, path: string): boolean {
  if (page === '/') return path === '/' || path.startsWith('/pipelines/');
  return path === page || path.startsWith(`${page}/`);
}
