import { EXIT } from '../../exit.ts';
import { flag, text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { writeText } from '../evidence/files.ts';

export default defineVerb({
  path: ['ledger', 'head'],
  summary: 'The newest signed head of your tenant’s log',
  options: {
    out: text('--out <file>', 'keep it, for `ags ledger audit --since` later'),
    force: flag('--force', 'overwrite the file'),
  },
  examples: ['ags ledger head --out head.txt'],
  async handler(context, _args, { out, force }) {
    const head = await context.client().treeHead();
    if (out !== undefined) writeText(context.cwd, out, head.checkpoint, force);
    context.emit(head, () => head.checkpoint.trimEnd().split('\n'));
    return EXIT.ok;
  },
});
