import { table } from '../../terminal/table.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['policy', 'versions'],
  summary: 'Published versions of the tenant’s own policies',
  examples: ['ags policy versions'],
  async handler(context) {
    const page = await context.client().policies();
    const { style } = context.out;
    context.emit(page, () =>
      page.items.length === 0
        ? [style.faint('The tenant has published no policies of its own; the built-in ones judge.')]
        : table(
            [
              { title: 'version', cell: (one) => String(one.version), align: 'right' },
              { title: 'in force', cell: (one) => (one.current ? 'yes' : '') },
              { title: 'policies', cell: (one) => String(one.policies), align: 'right' },
              { title: 'published', cell: (one) => one.published_at },
              { title: 'by', cell: (one) => one.published_by },
              { title: 'note', cell: (one) => printable(one.note), flexible: true },
            ],
            page.items,
            context.out.width(),
            style.faint,
          ),
    );
  },
});
