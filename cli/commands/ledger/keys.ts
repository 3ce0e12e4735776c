import { EXIT } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['ledger', 'keys'],
  summary: 'The public keys of your tenant’s log, as lines of a trust file',
  description:
    'Get them once, over a connection that you trust, and keep the file: it is what `ags evidence verify` believes. Lines of keys that sign no more stay needed for older packages.',
  options: { tenant: text('--tenant <name>', 'another tenant’s; needs no key') },
  examples: ['ags ledger keys > trust.txt'],
  async handler(context, _args, { tenant }) {
    const client = context.client();
    const keys = await client.ledgerKeys(tenant ?? (await client.whoami()).tenant);
    context.emit(keys, () => keys.trust.trimEnd().split('\n'));
    return EXIT.ok;
  },
});
