import { flag } from '../../options.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['stop', 'list'],
  summary: 'Kill switches that stand: who threw them, and why',
  options: { all: flag('--all', 'lifted ones too') },
  examples: ['ags stop list', 'ags stop list --all --json'],
  async handler(context, _args, { all }) {
    const page = await context.client().killSwitches();
    const items = page.items.filter((k) => all || k.lifted_at === null);
    const { style } = context.out;
    context.emit({ ...page, items }, () =>
      items.length === 0
        ? [style.faint('No kill switch stands.')]
        : items.flatMap((k) => [
            `${k.lifted_at === null ? style.bad('■') : style.faint('□')} ${style.strong(k.kill_id)}  ${k.scope} ${k.id}`,
            `  ${k.at}  ${k.by}: ${printable(k.reason)}`,
            ...(k.lifted_at === null
              ? []
              : [`  lifted ${k.lifted_at}  ${k.lifted_by}: ${printable(k.lift_reason ?? '')}`]),
            ...k.unacknowledged.map((id) => `  ${style.caution('still live')} ${id}`),
          ]),
    );
  },
});
