import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { readPrivate, type StateFolder, writePrivate } from './state-folder.ts';

/** Children as written down when they were started. The start time tells them from a later process with the same number. */
const Records = z.array(z.object({ name: z.string(), pid: z.int(), started: z.string() }));
type Record = z.infer<typeof Records>[number];

/** Opaque, and the same for as long as the process lives; null when there is none. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the command's name, in parentheses, may hold anything; field 22 counts from the one before it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {}
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return started.trim() || null;
  } catch {
    return null;
  }
}

const read = (folder: StateFolder): Record[] => readPrivate(folder.processes, Records) ?? [];
const write = (folder: StateFolder, records: Record[]): void => {
  try {
    writePrivate(folder.processes, `${JSON.stringify(records)}\n`);
  } catch (error) {
    // The folder is gone when a test or `--reset` removed it while a child was ending.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
};

export function record(folder: StateFolder, { name, pid }: { name: string; pid: number }): void {
  write(folder, [
    ...read(folder).filter((one) => one.pid !== pid),
    { name, pid, started: startTime(pid) ?? '' },
  ]);
}

export const forget = (folder: StateFolder, pid: number): void =>
  write(
    folder,
    read(folder).filter((one) => one.pid !== pid),
  );

/** Milliseconds until a leftover that was asked to end is killed. */
const GRACE_MS = 3_000;

/**
 * Ends what an earlier, killed start of the same folder left running, so that two never write the same state. Gives their names.
 * Throws `AlreadyRunning` when that earlier start itself is alive.
 */
export async function endLeftovers(folder: StateFolder): Promise<string[]> {
  const records = read(folder);
  const alive = (one: Record) => one.started !== '' && startTime(one.pid) === one.started;
  const owner = records.find((one) => one.name === OWNER && one.pid !== process.pid && alive(one));
  if (owner) throw new AlreadyRunning(owner.pid);
  const left = records.filter((one) => one.name !== OWNER && alive(one));
  const signal = (one: Record, name: NodeJS.Signals) => {
    try {
      process.kill(-one.pid, name);
    } catch {}
  };
  for (const one of left) signal(one, 'SIGTERM');
  for (let waited = 0; left.some(alive) && waited < GRACE_MS; waited += 100) await sleep(100);
  for (const one of left) signal(one, 'SIGKILL');
  while (left.some(alive)) await sleep(50);
  write(folder, []);
  return left.map((one) => one.name);
}

/** The name under which a start writes itself down. */
const OWNER = 'start';
export const recordOwner = (folder: StateFolder): void => record(folder, { name: OWNER, pid: process.pid });
export const forgetOwner = (folder: StateFolder): void => forget(folder, process.pid);

export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';

  constructor(pid: number) {
    super(`It is running already, as process ${pid}`);
  }
}
