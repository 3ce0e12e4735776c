import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseTrust, type Trust } from '#domain/ledger/log/trust.ts';
import { usageError } from '../../exit.ts';

/** Bytes; a package of a hundred thousand events stays below. */
const MAX_BYTES = 256 * 1024 * 1024;

export function readBytes(cwd: string, name: string): Uint8Array {
  const path = resolve(cwd, name);
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MAX_BYTES) throw usageError(`${path} is larger than ${MAX_BYTES / 1024 / 1024} MiB`);
    return bytes;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw usageError(`${path} does not exist`);
    if (code === 'EISDIR') throw usageError(`${path} is a folder`);
    if (code) throw usageError(`${path} cannot be read: ${code}`);
    throw error;
  }
}

/** LEDG-3: trust comes from a file of the verifier's, never from the package or the server that gave it. */
export function readTrust(cwd: string, name: string | undefined): Trust {
  if (name === undefined)
    throw usageError(
      'Whom do you trust? Give --trust FILE.',
      'ags ledger keys > trust.txt, once, over a connection that you trust; see docs/evidence.md',
    );
  const trust = parseTrust(new TextDecoder().decode(readBytes(cwd, name)));
  if (!trust.ok) throw usageError(`${name}, line ${trust.line}: ${trust.why}`, 'docs/evidence.md, section 4');
  return trust.value;
}

/** Readable by its owner alone. An existing file stays unless `force`. */
export function writeText(cwd: string, name: string, text: string, force: boolean): string {
  const path = resolve(cwd, name);
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx', mode: 0o600 });
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw usageError(`${path} exists already`, 'Give another name, or --force.');
    if (code) throw usageError(`${path} cannot be written: ${code}`);
    throw error;
  }
}
