import type { QuotaReport } from '#client/index.ts';
import { text } from '../../options.ts';
import { table } from '../../terminal/table.ts';
import { defineVerb } from '../../verb.ts';

/** Which part of the usage counts against which quota. */
const USED: [keyof QuotaReport['quotas'], keyof QuotaReport['usage'] | null][] = [
  ['live_pipelines', 'live_pipelines'],
  ['live_diagnostics', 'live_diagnostics'],
  ['spawns_per_minute', 'spawns_last_minute'],
  ['monthly_tokens', 'tokens'],
  ['monthly_cost_microusd', 'cost_microusd'],
  ['storage_bytes', 'storage_bytes'],
  ['retention_days', null],
  ['step_success_permille', null],
];

/** ENF-5: nothing while the budget holds. */
export const budgetLines = ({ usage }: QuotaReport): string[] =>
  usage.error_budget?.spent
    ? [
        '',
        `Error budget spent since ${usage.error_budget.spent.since}: ${usage.error_budget.spent.detail}`,
        'Nothing new is begun until that is past, or an admin lifts it: `ags quota lift-errors --reason R`.',
      ]
    : [];

export const quotaRows = ({ quotas, usage }: QuotaReport) =>
  USED.map(([name, use]) => ({
    name,
    quota: String(quotas[name]),
    used: use === null || use === 'error_budget' ? '' : String(usage[use] ?? 'unknown'),
  }));
type Row = ReturnType<typeof quotaRows>[number];

export const quotaTable = (report: QuotaReport, width: number, faint: (text: string) => string): string[] =>
  table(
    [
      { title: 'QUOTA', cell: (r: Row) => r.name },
      { title: 'ALLOWED', cell: (r: Row) => r.quota, align: 'right' as const },
      { title: 'IN USE', cell: (r: Row) => r.used, align: 'right' as const },
    ],
    quotaRows(report),
    width,
    faint,
  );

export default defineVerb({
  path: ['quota', 'show'],
  summary: 'What the tenant may use, and what of it is in use',
  options: { tenant: text('--tenant <tenant>', 'of another tenant; takes the platform admin’s key') },
  examples: ['ags quota show', 'ags --profile platform quota show --tenant acme'],
  async handler(context, _args, { tenant }) {
    const report = await context.client().quotas(tenant);
    const { storage } = report.usage;
    const { faint } = context.out.style;
    context.emit(report, () => [
      ...quotaTable(report, context.out.width(), faint),
      ...budgetLines(report),
      faint(
        `Bytes: ${Object.entries(storage)
          .map(([where, bytes]) => `${where} ${bytes ?? 'unknown'}`)
          .join(', ')}`,
      ),
    ]);
  },
});
