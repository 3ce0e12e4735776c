import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LOOPBACK } from './ports.ts';
import { type ManagedProcess, ProcessDied, startProcess } from './processes.ts';
import type { StateFolder } from './state-folder.ts';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const WRANGLER = fileURLToPath(new URL('../../node_modules/wrangler/bin/wrangler.js', import.meta.url));

/** Milliseconds until a Worker that has not answered is given up; a first bundle on a slow machine takes a while. */
const READY_MS = 90_000;

/** wrangler without a terminal, without the network, and with its own files inside the state folder. */
export function wranglerEnvironment(folder: StateFolder): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TMPDIR: process.env.TMPDIR,
    LANG: process.env.LANG,
    CI: '1',
    NO_COLOR: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    // Its debug log repeats the environment; our own log has what it prints.
    WRANGLER_WRITE_LOGS: 'false',
    // wrangler is a big program: what Node has compiled of it once, the next start need not.
    NODE_COMPILE_CACHE: `${folder.root}/compiled`,
    WRANGLER_REGISTRY_PATH: `${folder.root}/registry`,
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    // Recording every request into SQLite costs 20 to 40 % of the throughput.
    X_LOCAL_OBSERVABILITY: 'false',
  };
}

export const wranglerCommand = (args: string[]): { command: string; args: string[] } => ({
  command: process.execPath,
  args: ['--no-warnings', WRANGLER, ...args],
});

export interface RunningWorker {
  url: string;
  process: ManagedProcess;
}

export const addressOf = (port: number): string => `http://${LOOPBACK}:${port}`;

/** Starts one Worker under `wrangler dev` and waits until it answers `healthPath`. */
export async function startWorker(
  folder: StateFolder,
  options: {
    name: string;
    config: string;
    port: number;
    persistTo: string;
    envFile: string;
    healthPath: string;
    extra?: string[];
    signal: AbortSignal;
    onProcess: (child: ManagedProcess) => void;
  },
): Promise<RunningWorker> {
  options.signal.throwIfAborted();
  const url = addressOf(options.port);
  const child = startProcess(folder, {
    name: options.name,
    cwd: REPOSITORY,
    env: wranglerEnvironment(folder),
    ...wranglerCommand([
      'dev',
      '--config',
      options.config,
      '--port',
      String(options.port),
      '--ip',
      LOOPBACK,
      '--inspector-port',
      '0',
      '--persist-to',
      options.persistTo,
      '--env-file',
      options.envFile,
      '--show-interactive-dev-session=false',
      '--log-level',
      'info',
      ...(options.extra ?? []),
    ]),
  });
  options.onProcess(child);
  try {
    await untilReady(child, url, options.healthPath);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { url, process: child };
}

/** The port was free a moment ago and is not any more: another program was faster. */
export class PortTaken extends ProcessDied {}

/** Waits for wrangler's own word first: whoever answers on the port before that is somebody else. */
async function untilReady(child: ManagedProcess, url: string, healthPath: string): Promise<void> {
  let died: string | null = null;
  void child.exited.then((how) => {
    died = how;
  });
  let last = 'no answer';
  let listening = false;
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await sleep(100)) {
    if (died !== null) {
      const taken = child.tail().some((line) => line.includes('Address already in use'));
      throw taken ? new PortTaken(child, `found ${url} taken`) : new ProcessDied(child, died);
    }
    listening ||= child.tail().some((line) => line.includes(`Ready on ${url}`));
    if (!listening) continue;
    try {
      const response = await fetch(url + healthPath, { signal: AbortSignal.timeout(5_000) });
      const text = await response.text();
      if (response.ok) return;
      last = `HTTP ${response.status} ${text.slice(0, 500)}`;
      // A configuration that the Worker refuses does not get better by waiting (RUN-4).
      if (text.includes('misconfigured'))
        throw new ProcessDied(child, `refuses its configuration: ${text.slice(0, 500)}`);
    } catch (error) {
      if (error instanceof ProcessDied) throw error;
    }
  }
  throw new ProcessDied(child, `did not become ready within ${READY_MS / 1_000} s (${last})`);
}
