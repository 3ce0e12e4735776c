import { EXIT, usageError } from '../../exit.ts';
import { flag, text } from '../../options.ts';
import { download as toFile } from '../../terminal/download.ts';
import { defineVerb } from '../../verb.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'log'],
  summary: 'Download everything about a pipeline as one file',
  description:
    'The fallback download_log (REC-1): state, proposals, votes, log lines and every event, for a review by hand.',
  arguments: [whichArgument],
  options: {
    download: text('--download <file>', 'where to write it'),
    force: flag('--force', 'overwrite the file'),
    reason: text('--reason <text>', 'why, for the record'),
  },
  examples: ['ags pipeline log last --download review.json'],
  async handler(context, [given], { download, force, reason = 'downloaded from the command line' }) {
    if (download === undefined) {
      throw usageError('Where to? Give --download FILE.', '`ags pipeline logs` shows the log here.');
    }
    const client = context.client();
    const id = await whichPipeline(client, given!);
    const response = await client.downloadLog(id, reason);
    const written = await toFile(response, { path: download, cwd: context.cwd, force });
    const { style } = context.out;
    context.emit({ pipeline_id: id, ...written }, () => [
      `${style.good('✔')} ${written.file} ${style.faint(`${written.bytes} bytes`)}`,
    ]);
    return EXIT.ok;
  },
});
