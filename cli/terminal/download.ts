import { createWriteStream, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline as pipe } from 'node:stream/promises';
import { usageError } from '../exit.ts';

/** Readable by its owner alone: it holds everything the agents read and wrote. */
const MODE = 0o600;

/** Writes an answer's body into a file as it arrives. A half file is removed: it would pass for a whole one. */
export async function download(
  from: Response | AsyncIterable<Uint8Array>,
  file: { path: string; cwd: string; force: boolean },
): Promise<{ file: string; bytes: number }> {
  const path = resolve(file.cwd, file.path);
  const out = createWriteStream(path, { flags: file.force ? 'w' : 'wx', mode: MODE });
  try {
    await pipe(Readable.from(from instanceof Response ? (from.body ?? []) : from), out);
  } catch (error) {
    const { code, path: of } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw usageError(`${path} exists already`, 'Give another name, or --force.');
    if (of !== undefined) throw usageError(`${path} cannot be written: ${code}`);
    rmSync(path, { force: true });
    throw error;
  }
  return { file: path, bytes: out.bytesWritten };
}
