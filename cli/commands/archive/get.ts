import { EXIT } from '../../exit.ts';
import { flag, text } from '../../options.ts';
import { download } from '../../terminal/download.ts';
import { defineVerb } from '../../verb.ts';
import { whichArgument, whichPipeline } from '../pipeline/which.ts';

export default defineVerb({
  path: ['archive', 'get'],
  summary: 'Download the archived evidence package of a pipeline',
  description:
    'The same file that `ags evidence get` gives of a younger one; `ags evidence verify` takes it (LEDG-5).',
  arguments: [whichArgument],
  options: {
    out: text('--out <file>', 'where to write it; PIPELINE.evidence.json without'),
    documents: flag('--documents', 'the texts of its context documents instead, by their hash'),
    force: flag('--force', 'overwrite the file'),
  },
  examples: ['ags archive get pl_0123456789abcdef', 'ags archive get pl_0123456789abcdef --documents'],
  async handler(context, [given], { out, documents, force }) {
    const client = context.client();
    const id = await whichPipeline(client, given!);
    const path = out ?? `${id}.${documents ? 'documents' : 'evidence'}.json`;
    const response = documents ? await client.archivedDocuments(id) : await client.archivedEvidence(id);
    const written = await download(response, { path, cwd: context.cwd, force });
    const { style } = context.out;
    context.emit({ pipeline_id: id, ...written }, () => [
      `${style.good('✔')} ${written.file} ${style.faint(`${written.bytes} bytes`)}`,
      ...(documents ? [] : [style.faint(`  ags evidence verify ${path} --trust trust.txt`)]),
    ]);
    return EXIT.ok;
  },
});
