import type { Project } from '#client/index.ts';
import { table } from '../../terminal/table.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['project', 'list'],
  summary: 'Projects that you may see',
  examples: ['ags project list'],
  async handler(context) {
    const page = await context.client().projects();
    const columns = [
      { title: 'PROJECT', cell: (p: Project) => p.project_id },
      { title: 'NAME', cell: (p: Project) => printable(p.name), flexible: true },
      { title: 'SINCE', cell: (p: Project) => p.created_at },
    ];
    context.emit(page, () => table(columns, page.items, context.out.width(), context.out.style.faint));
  },
});
