import { createWriteStream, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline as pipe } from 'node:stream/promises';
import { EXIT, usageError } from '../../exit.ts';
import { flag, text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { whichArgument, whichPipeline } from '../pipeline/which.ts';

export default defineVerb({
  path: ['evidence', 'get'],
  summary: 'Download the evidence package of an ended pipeline',
  description:
    'One file: events, proofs, policies in force, verdict inputs, approvals, token lifecycle and a signed statement (LEDG-3).',
  arguments: [whichArgument],
  options: {
    out: text('--out <file>', 'where to write it; PIPELINE.evidence.json without'),
    force: flag('--force', 'overwrite the file'),
  },
  examples: ['ags evidence get last', 'ags evidence get 12 --out run-12.json'],
  async handler(context, [given], { out, force }) {
    const client = context.client();
    const id = await whichPipeline(client, given!);
    const path = resolve(context.cwd, out ?? `${id}.evidence.json`);
    const response = await client.evidence(id);
    const file = createWriteStream(path, { flags: force ? 'w' : 'wx', mode: 0o600 });
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
      style.faint(`  ags evidence verify ${out ?? `${id}.evidence.json`} --trust trust.txt`),
    ]);
    return EXIT.ok;
  },
});
