import { table } from '../../terminal/table.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

type Row = { tenant: string; name: string; created_at: string };

export default defineVerb({
  path: ['tenant', 'list'],
  summary: 'Tenants of the deployment; takes the platform admin’s key',
  examples: ['ags --profile platform tenant list'],
  async handler(context) {
    const page = await context.client().tenants();
    const columns = [
      { title: 'TENANT', cell: (t: Row) => t.tenant },
      { title: 'NAME', cell: (t: Row) => printable(t.name), flexible: true },
      { title: 'SINCE', cell: (t: Row) => t.created_at },
    ];
    context.emit(page, () => table(columns, page.items, context.out.width(), context.out.style.faint));
  },
});
