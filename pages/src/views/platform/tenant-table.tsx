import { Badge } from '@cloudflare/kumo/components/badge';
import { Link } from 'wouter';
import type { QuotaReport, Tenant } from '#client/index.ts';
import { useResource } from '../../api/use-resource.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { quotaRows } from '../../models/quotas.ts';
import { tenantStatus, WATCHED } from '../../models/tenants.ts';
import { readReports } from './reports.ts';

const EVERY = 60_000;

type Row = Tenant & {
  /** undefined: not known yet; null: it could not be had. */
  report: QuotaReport | null | undefined;
};

const unknown = ({ report }: Row) => (
  <span className="text-kumo-subtle">{report === undefined ? '…' : 'unknown'}</span>
);

const HEADINGS = {
  live_pipelines: 'Pipelines now',
  monthly_cost_microusd: 'Cost this month',
  monthly_tokens: 'Tokens this month',
  storage_bytes: 'Stored',
} as const satisfies Record<(typeof WATCHED)[number], string>;

const COLUMNS: Column<Row>[] = [
  {
    title: 'Tenant',
    cell: (row) => (
      <>
        <Link
          href={`/platform/tenants/${row.tenant}`}
          className="font-medium break-words text-kumo-link hover:underline"
        >
          {row.name}
        </Link>
        <span className="block font-mono text-xs text-kumo-subtle">{row.tenant}</span>
      </>
    ),
  },
  {
    title: 'State',
    cell: (row) => {
      if (!row.report) return unknown(row);
      const { label, variant } = tenantStatus(row.report);
      return <Badge variant={variant}>{label}</Badge>;
    },
  },
  ...WATCHED.map(
    (name): Column<Row> => ({
      title: HEADINGS[name],
      right: true,
      cell: (row) => {
        const quota = row.report && quotaRows(row.report).find((q) => q.name === name);
        if (!quota) return unknown(row);
        return (
          <>
            {quota.used ?? 'unknown'}
            <span className="block text-xs text-kumo-subtle">of {quota.limit}</span>
          </>
        );
      },
    }),
  ),
];

/** TEN-1. Each row's use is asked of that tenant alone; one that does not answer leaves the others standing. */
export function TenantTable({ tenants }: { tenants: readonly Tenant[] }) {
  const ids = tenants.map(({ tenant }) => tenant);
  const asked = useResource(`reports ${ids.join(' ')}`, (signal) => readReports(ids, signal), {
    every: EVERY,
    stay: true,
  });
  const rows = tenants.map((t): Row => ({ ...t, report: asked.data?.get(t.tenant) }));
  return (
    <DataTable
      label="Tenants"
      columns={COLUMNS}
      rows={rows}
      keyOf={(t) => t.tenant}
      empty="No tenant has these letters in its name or id."
    />
  );
}
