import { createWriteStream, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline as pipe } from 'node:stream/promises';
import { EXIT, usageError } from '../../exit.ts';
import { flag, text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { whichArgument, whichPipeline } from './which.ts';

/** Readable by its owner alone: it holds everything the agents read and wrote. */
const MODE = 0o600;

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
    const path = resolve(context.cwd, download);
    const response = await client.downloadLog(id, reason);
    const file = createWriteStream(path, { flags: force ? 'w' : 'wx', mode: MODE });
    try {
      await pipe(Readable.from(response.body ?? []), file);
    } catch (error) {
      const { code, path: of } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') throw usageError(`${path} exists already`, 'Give another name, or --force.');
      if (of !== undefined) throw usageError(`${path} cannot be written: ${code}`);
      // Half a file would pass for a whole one.
      rmSync(path, { force: true });
      throw error;
    }
    const { style } = context.out;
    context.emit({ pipeline_id: id, file: path, bytes: file.bytesWritten }, () => [
      `${style.good('✔')} ${path} ${style.faint(`${file.bytesWritten} bytes`)}`,
    ]);
    return EXIT.ok;
  },
});
