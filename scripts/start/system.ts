import { join } from 'node:path';
import { provisionVault } from '../vault/provision.ts';
import { type Accounts, ensureAccounts, TENANT } from './accounts.ts';
import { startCron } from './cron.ts';
import { buildDashboard, withoutDashboard } from './dashboard.ts';
import { endLeftovers, forgetOwner, recordOwner } from './leftovers.ts';
import { migrateLedger } from './migrate.ts';
import { anyPort, freePortFrom } from './ports.ts';
import type { ManagedProcess } from './processes.ts';
import { chooseServices, describeServices, type Services, serviceVariables } from './services.ts';
import {
  ensureSecrets,
  envFile,
  makeStateFolder,
  type Secrets,
  type StateFolder,
  saveSecrets,
  writePrivate,
} from './state-folder.ts';
import { addressOf, PortTaken, REPOSITORY, type RunningWorker, startWorker } from './workers.ts';

/** Says what is being done; the work's answer is what is said when it is done. */
export type Step = <T>(name: string, work: () => Promise<T>, done: (result: T) => string) => Promise<T>;

export interface LocalSystem {
  url: string;
  embeddedUrl: string | null;
  accounts: Accounts;
  secrets: Secrets;
  processes: ManagedProcess[];
  stop(): Promise<void>;
  kill(): void;
}

export interface SystemOptions {
  folder: StateFolder;
  /** The product's; the next free one is used instead unless `portFixed`. */
  port: number;
  portFixed?: boolean;
  env: NodeJS.ProcessEnv;
  step: Step;
  signal: AbortSignal;
  dashboard?: boolean;
  /** Opens `/_test` of the embedded services; for tests only. */
  testControls?: boolean;
  /** Further variables of the product's Worker; for tests. */
  variables?: Record<string, string>;
}

interface Launch {
  options: SystemOptions;
  signal: AbortSignal;
  onProcess: (child: ManagedProcess) => void;
}

/** Starts work whose failure is looked at later. */
function begin<T>(work: () => Promise<T>): Promise<T> {
  const promise = work();
  promise.catch(() => {});
  return promise;
}

type Login = { role_id: string; secret_id: string };

/** The embedded Vault gets another port on each start, but is the same Vault. */
const identityOf = ({ vault }: Services): string => (vault.kind === 'real' ? vault.addr : 'embedded');

/** What an earlier start of this folder logged in with; most likely it still holds. */
function earlierLogin(services: Services, secrets: Secrets): Login | null {
  const known = secrets.vault_login;
  return known?.addr === identityOf(services) ? { role_id: known.role_id, secret_id: known.secret_id } : null;
}

/** AppRole of the control plane: the one given, or one made in Vault with the right to make it. */
async function vaultLogin(
  services: Services,
  embeddedUrl: string | null,
  secrets: Secrets,
  env: NodeJS.ProcessEnv,
): Promise<Login> {
  const { vault, model } = services;
  const embeddedKey = model.provider === 'embedded' ? secrets.model_key : null;
  const key = embeddedKey ?? model.keyInEnvironment;
  const modelKeys: Record<string, string> = key === null ? {} : { [model.provider]: key };
  if (vault.kind === 'real' && env.VAULT_ROLE_ID && env.VAULT_SECRET_ID && !env.VAULT_TOKEN) {
    return { role_id: env.VAULT_ROLE_ID, secret_id: env.VAULT_SECRET_ID };
  }
  const addr = vault.kind === 'real' ? vault.addr : `${embeddedUrl}/vault`;
  const token = vault.kind === 'real' ? (env.VAULT_TOKEN ?? '') : secrets.vault_root_token;
  const login = await provisionVault({
    addr,
    token,
    namespace: vault.kind === 'real' ? vault.namespace : null,
    tenant: TENANT,
    modelKeys,
    keep: earlierLogin(services, secrets),
  });
  secrets.vault_login = { addr: identityOf(services), ...login };
  return login;
}

/** Starts everything that a local deployment is made of, in order, and gives it when it answers (RUN-2). */
export async function startLocalSystem(options: SystemOptions): Promise<LocalSystem> {
  const { folder, env, step } = options;
  const services = chooseServices(env);
  makeStateFolder(folder);
  await endLeftovers(folder);
  recordOwner(folder);
  const secrets = ensureSecrets(folder);
  const running: ManagedProcess[] = [];
  let cron: { stop(): void } | null = null;
  const launch: Launch = {
    options,
    signal: options.signal,
    onProcess: (child) => running.push(child),
  };
  const stop = async () => {
    options.signal.removeEventListener('abort', stop);
    cron?.stop();
    await Promise.all([...running].reverse().map((child) => child.stop()));
    forgetOwner(folder);
  };
  // A stop during the start: what runs ends, and what waits for it fails.
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    // What does not need each other goes on at once; the steps below tell of it one by one.
    const building = begin(options.dashboard === false ? withoutDashboard : buildDashboard);
    const migrating = begin(() => migrateLedger(folder));
    const embeddedPort = services.needsEmbedded ? await anyPort() : null;
    const serving = begin(() =>
      embeddedPort === null ? Promise.resolve(null) : startEmbedded(launch, secrets, embeddedPort),
    );
    const start = (embeddedUrl: string | null, login: Login) =>
      startProduct(launch, serviceVariables(services, embeddedUrl, login, secrets, env), secrets);
    // A start on known ground: the product needs nobody until it has work, so it begins with what is expected of the others.
    const expected = earlierLogin(services, secrets);
    const expectedUrl = embeddedPort === null ? null : addressOf(embeddedPort);
    const early = expected
      ? begin(async () => {
          await Promise.all([building, migrating]);
          return start(expectedUrl, expected);
        })
      : null;
    await step(
      'dashboard',
      () => building,
      (built) => (built ? 'built' : 'up to date'),
    );
    await step(
      'ledger',
      () => migrating,
      (migrated) => (migrated ? 'migrated' : 'up to date'),
    );
    const embedded = await step(
      'services',
      () => serving,
      () => describeServices(services),
    );
    const login = await step(
      'credentials',
      () => vaultLogin(services, embedded?.url ?? null, secrets, env),
      () => 'policies and roles are in Vault',
    );
    saveSecrets(folder, secrets);
    const asExpected =
      (embedded?.url ?? null) === expectedUrl &&
      login.role_id === expected?.role_id &&
      login.secret_id === expected.secret_id;
    const product = await step(
      'product',
      async () => {
        if (early && asExpected) return early;
        await early?.then(
          (worker) => worker.process.stop(),
          () => undefined,
        );
        return start(embedded?.url ?? null, login);
      },
      ({ url }) => (url.endsWith(`:${options.port}`) ? url : `${url} (port ${options.port} is taken)`),
    );
    const accounts = await step(
      'accounts',
      () => ensureAccounts(folder, product.url, secrets),
      () => `tenant ${TENANT}: Requester (operator) and Approver (admin)`,
    );
    cron = await startCron(product.url);
    return {
      url: product.url,
      embeddedUrl: embedded?.url ?? null,
      accounts,
      secrets,
      processes: running.filter((child) => child.running()),
      stop,
      kill: () => {
        cron?.stop();
        for (const child of running) child.kill();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ports are free when they are looked for; another program may be faster in taking them. */
const PORT_TRIES = 4;

async function onFreePort(
  find: () => Promise<number>,
  start: (port: number) => Promise<RunningWorker>,
): Promise<RunningWorker> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await find());
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === PORT_TRIES) throw error;
    }
  }
}

async function startEmbedded(launch: Launch, secrets: Secrets, wanted: number): Promise<RunningWorker> {
  const { folder, testControls } = launch.options;
  writePrivate(
    folder.embeddedEnv,
    envFile({
      EMBEDDED_VAULT_ROOT_TOKEN: secrets.vault_root_token,
      EMBEDDED_REDIS_TOKEN: secrets.redis_token,
      EMBEDDED_MODEL_KEY: secrets.model_key,
      EMBEDDED_TEST_CONTROLS: testControls ? '1' : undefined,
    }),
  );
  let first = true;
  const find = () => {
    const port = first ? Promise.resolve(wanted) : anyPort();
    first = false;
    return port;
  };
  return onFreePort(find, (port) =>
    startWorker(folder, {
      ...launch,
      name: 'embedded',
      config: join(REPOSITORY, 'workers', 'embedded', 'wrangler.toml'),
      port,
      persistTo: folder.embeddedState,
      envFile: folder.embeddedEnv,
      healthPath: '/health',
    }),
  );
}

function startProduct(
  launch: Launch,
  variables: Record<string, string | undefined>,
  secrets: Secrets,
): Promise<RunningWorker> {
  const { folder, port: wanted, portFixed, variables: extra } = launch.options;
  const find = () => (portFixed ? Promise.resolve(wanted) : freePortFrom(wanted));
  return onFreePort(find, (port) => {
    writePrivate(
      folder.productEnv,
      envFile({
        AGS_PUBLIC_URL: `http://127.0.0.1:${port}`,
        AGS_KEY_PEPPER: secrets.key_pepper,
        AGS_PLATFORM_KEY: secrets.platform_key,
        AGS_SEALING_KEYS: secrets.sealing_keys,
        AGS_LEDGER_KEYS: secrets.ledger_keys,
        ...variables,
        ...extra,
      }),
    );
    return startWorker(folder, {
      ...launch,
      name: 'product',
      config: join(REPOSITORY, 'wrangler.toml'),
      port,
      persistTo: folder.productState,
      envFile: folder.productEnv,
      healthPath: '/healthz',
      extra: ['--var', 'AGS_ENVIRONMENT:local', '--test-scheduled'],
    });
  });
}
