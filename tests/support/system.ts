import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '#client/index.ts';
import { anyPort } from '#scripts/start/ports.ts';
import { silentSteps } from '#scripts/start/progress.ts';
import { stateFolder } from '#scripts/start/state-folder.ts';
import { type LocalSystem, startLocalSystem } from '#scripts/start/system.ts';

export interface SystemTestOptions {
  port?: number;
  /** Builds the dashboard when its sources changed; only tests in a browser need it. */
  dashboard?: boolean;
  /** Variables as if they stood in the environment of `npm start`, e.g. MODEL_BASE_URL. Nothing is inherited. */
  env?: NodeJS.ProcessEnv;
  /** Further variables of the product's Worker. */
  variables?: Record<string, string>;
}

export interface TestSystem {
  url: string;
  embeddedUrl: string;
  keys: { requester: string; approver: string; platform: string };
  stateDir: string;
  /** A client with the requester's key, or another. */
  client(key?: string): Client;
  /** The embedded services' `/_test`: moves their clock, causes faults. */
  control(order: object): Promise<void>;
  /** SIGKILL to every process group, as a power cut would; the state stays. */
  kill(): Promise<void>;
  /** Starts again on the same state and the same port. */
  restart(): Promise<void>;
  /** Ends everything and removes the state. */
  stop(): Promise<void>;
}

/** What `npm start` starts, on free ports and in a folder of its own. Once per file, in `beforeAll`; `stop()` in `afterAll`. */
export async function startSystem(options: SystemTestOptions = {}): Promise<TestSystem> {
  const stateDir = mkdtempSync(join(tmpdir(), 'ags-system-'));
  const port = options.port ?? (await anyPort());
  const start = (): Promise<LocalSystem> =>
    startLocalSystem({
      folder: stateFolder(stateDir),
      port,
      portFixed: true,
      env: options.env ?? {},
      step: silentSteps,
      signal: new AbortController().signal,
      dashboard: options.dashboard === true,
      testControls: true,
      variables: options.variables,
    });
  const remove = () => rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
  let system: LocalSystem;
  try {
    system = await start();
  } catch (error) {
    remove();
    throw error;
  }
  return {
    get url() {
      return system.url;
    },
    get embeddedUrl() {
      return system.embeddedUrl ?? '';
    },
    get keys() {
      const { requester, approver } = system.accounts;
      return { requester: requester.key, approver: approver.key, platform: system.secrets.platform_key };
    },
    stateDir,
    client: (key) => createClient({ baseUrl: system.url, key: key ?? system.accounts.requester.key }),
    async control(order) {
      const response = await fetch(`${system.embeddedUrl}/_test`, {
        method: 'POST',
        body: JSON.stringify(order),
      });
      if (!response.ok) throw new Error(`/_test answered ${response.status}: ${await response.text()}`);
    },
    async kill() {
      system.kill();
      await Promise.all(system.processes.map((child) => child.exited));
    },
    async restart() {
      system = await start();
    },
    async stop() {
      await system.stop();
      remove();
    },
  };
}
