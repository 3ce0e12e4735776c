import { QUOTAS, type QuotaName } from '#contract/quotas.ts';
import { usageError } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { quotaTable } from './show.ts';

export default defineVerb({
  path: ['quota', 'set'],
  summary: 'Set a quota: the platform for any tenant, an admin below that for its own',
  arguments: [
    ['<quota>', Object.keys(QUOTAS).join(', ')],
    ['<value>', 'a whole number, or `default`'],
  ],
  options: { tenant: text('--tenant <tenant>', 'of this tenant; takes the platform admin’s key') },
  examples: [
    'ags quota set live_pipelines 20',
    'ags --profile platform quota set monthly_tokens default --tenant acme',
  ],
  async handler(context, [quota, value], { tenant }) {
    if (!Object.hasOwn(QUOTAS, quota!))
      throw usageError(`There is no quota ${quota}.`, `One of ${Object.keys(QUOTAS).join(', ')}.`);
    if (value !== 'default' && !/^\d+$/.test(value!))
      throw usageError('A quota is a whole number, or `default`.');
    const change = { [quota as QuotaName]: value === 'default' ? null : Number(value) };
    const report = await context.client().setQuotas(change, tenant);
    context.emit(report, () => quotaTable(report, context.out.width(), context.out.style.faint));
  },
});
