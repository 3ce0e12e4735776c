import { EXIT, usageError } from '../../exit.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['ledger', 'witness'],
  summary: 'The witnesses of your tenant’s log; with a name and a key, one more',
  description:
    'A witness keeps the last head that it saw, signs a newer one only if it continues that, and posts the signature. examples/witness is one.',
  arguments: [
    ['[name]', 'a name for it'],
    ['[key]', 'its verifier key: name+id+base64 (C2SP, type 4)'],
  ],
  examples: ['ags ledger witness', 'ags ledger witness auditor-1 witness.example.org+b6efb787+BIE5…'],
  async handler(context, [name, key]) {
    const client = context.client();
    if (name !== undefined && key === undefined) throw usageError('Which key? Give its verifier key too.');
    if (name !== undefined && key !== undefined) await client.addWitness({ name, key });
    const { items } = await client.witnesses();
    context.emit({ items }, () => items.map((w) => `${context.out.style.strong(w.name)}  ${w.key}`));
    return EXIT.ok;
  },
});
