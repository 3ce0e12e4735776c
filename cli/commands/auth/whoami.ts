import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['auth', 'whoami'],
  summary: 'Who the current key belongs to',
  examples: ['ags auth whoami', 'ags auth whoami --profile local --json'],
  async handler(context) {
    const { url, source } = context.connection();
    const caller = await context.client().whoami();
    const { style } = context.out;
    const projects = caller.project_ids === null ? 'all projects' : caller.project_ids.join(', ');
    context.emit({ url, ...caller }, () => [
      `${style.strong(printable(caller.name))} (${caller.subject_kind}), ${style.strong(caller.role)} of tenant ${style.strong(caller.tenant)}, ${projects}`,
      style.faint(`${url}, from ${source}`),
    ]);
  },
});
