import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { forget, record } from './leftovers.ts';
import type { StateFolder } from './state-folder.ts';

const TETHER = fileURLToPath(new URL('./tether.mjs', import.meta.url));
/** Milliseconds between asking a process group to end and killing it. */
const GRACE_MS = 5_000;

/** wrangler notes each request; what a person looks for after a death is something else. */
const REQUEST_LINE = /^\[wrangler:info\] (GET|HEAD|POST|PUT|DELETE) \/\S* [1-4]\d\d /;

export interface ManagedProcess {
  name: string;
  pid: number;
  logPath: string;
  /** Resolves with a sentence about how it ended. */
  exited: Promise<string>;
  running(): boolean;
  /** The last lines of its log. */
  tail(lines?: number): string[];
  /** Asks the whole group to end, then makes sure. */
  stop(): Promise<void>;
  /** Kills the whole group at once, as a power cut would. */
  kill(): void;
}

export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
  readonly logPath: string;
  readonly tail: string[];

  constructor(child: Pick<ManagedProcess, 'name' | 'logPath' | 'tail'>, how: string) {
    super(`${child.name} ${how}`);
    this.logPath = child.logPath;
    this.tail = child.tail();
  }
}

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const describeExit = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal ? `was ended by ${signal}` : `ended with exit code ${code}`;

/** Starts a command in a process group of its own, its output in a log file, and writes down that it runs. */
export function startProcess(
  folder: StateFolder,
  options: { name: string; command: string; args: string[]; cwd: string; env: NodeJS.ProcessEnv },
): ManagedProcess {
  const logPath = join(folder.logs, `${options.name}.log`);
  try {
    renameSync(logPath, `${logPath}.1`);
  } catch {}
  const log = openSync(logPath, 'a', 0o600);
  const child: ChildProcess = spawn(process.execPath, [TETHER, options.command, ...options.args], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.name} could not be started`);
  record(folder, { name: options.name, pid });
  let ended = false;
  const exited = new Promise<string>((resolve) => {
    let own: { code: number | null; signal: NodeJS.Signals | null } | null = null;
    child.on('message', (message: typeof own) => {
      own = message;
    });
    child.on('close', (code, signal) => {
      ended = true;
      forget(folder, pid);
      resolve(describeExit(own?.code ?? code, own ? own.signal : signal));
    });
  });
  return {
    name: options.name,
    pid,
    logPath,
    exited,
    running: () => !ended,
    tail: (lines = 20) => tailOf(logPath, lines),
    kill: () => signalGroup(pid, 'SIGKILL'),
    async stop() {
      if (ended) return;
      signalGroup(pid, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function tailOf(path: string, lines: number): string[] {
  try {
    return stripVTControlCharacters(readFileSync(path, 'utf8'))
      .split('\n')
      .filter((line) => line.trim() !== '' && !REQUEST_LINE.test(line))
      .slice(-lines);
  } catch {
    return [];
  }
}
