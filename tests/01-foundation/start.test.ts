import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlreadyRunning, endLeftovers, record, recordOwner, startTime } from '#scripts/start/leftovers.ts';
import { BadOption, parseOptions } from '#scripts/start/options.ts';
import { anyPort, freePortFrom, isFree } from '#scripts/start/ports.ts';
import { startProcess } from '#scripts/start/processes.ts';
import {
  BadEnvironment,
  chooseServices,
  describeServices,
  serviceVariables,
} from '#scripts/start/services.ts';
import {
  ensureSecrets,
  envFile,
  makeStateFolder,
  type StateFolder,
  stateFolder,
} from '#scripts/start/state-folder.ts';

let folder: StateFolder;
beforeEach(() => {
  folder = stateFolder(mkdtempSync(join(tmpdir(), 'ags-start-')));
  makeStateFolder(folder);
});
afterEach(() => rmSync(folder.root, { recursive: true, force: true }));

const alive = (pid: number): boolean => startTime(pid) !== null;
const gone = async (pid: number): Promise<void> => {
  while (alive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
};
/** Starts a child that starts a grandchild and tells its number. */
const FAMILY = `const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); console.log('grandchild ' + c.pid); setInterval(() => {}, 1000)`;
const family = async (name = 'family') => {
  const child = startProcess(folder, {
    name,
    command: process.execPath,
    args: ['-e', FAMILY],
    cwd: folder.root,
    env: process.env,
  });
  for (;;) {
    const [line] = child.tail(1);
    if (line) return { child, grandchild: Number(line.split(' ')[1]) };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

describe('options', () => {
  it('RUN-2: what each option means', () => {
    expect(parseOptions([])).toEqual({
      plan: null,
      once: false,
      run: true,
      port: null,
      reset: false,
      json: false,
      help: false,
    });
    expect(parseOptions(['--plan', 'p.yaml', '--once', '--port', '4000', '--reset', '--json'])).toMatchObject(
      { plan: 'p.yaml', once: true, port: 4000, reset: true, json: true },
    );
    expect(parseOptions(['--no-run'])).toMatchObject({ run: false });
  });

  it.each([
    [['--port', '0']],
    [['--port', 'x']],
    [['--port', '70000']],
    [['--frob']],
    [['now']],
    [['--no-run', '--once']],
    [['--plan']],
  ])('RUN-2: %j is refused', (args) => expect(() => parseOptions(args)).toThrow(BadOption));
});

describe('services', () => {
  const secrets = () => ensureSecrets(folder);
  const login = { role_id: 'r', secret_id: 's' };

  it('RUN-3 RUN-4: nothing set means embedded, and the model says that it is not an LLM', () => {
    const services = chooseServices({});
    expect(services.needsEmbedded).toBe(true);
    expect(describeServices(services)).toContain('not an LLM');
    expect(serviceVariables(services, 'http://127.0.0.1:1', login, secrets(), {})).toMatchObject({
      VAULT_ADDR: 'http://127.0.0.1:1/vault',
      UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1/redis',
      MODEL_PROVIDER: 'embedded',
      MODEL_BASE_URL: 'http://127.0.0.1:1/openai/v1',
    });
  });

  it('RUN-3: with all of them real no embedded service is started, and no variable points at one', () => {
    const env = {
      VAULT_ADDR: 'https://vault.example.com/',
      VAULT_NAMESPACE: 'admin',
      VAULT_ROLE_ID: 'r',
      VAULT_SECRET_ID: 's',
      UPSTASH_REDIS_REST_URL: 'https://x.upstash.io',
      UPSTASH_REDIS_REST_TOKEN: 't',
      OPENROUTER_API_KEY: 'sk',
    };
    const services = chooseServices(env);
    expect(services).toMatchObject({
      needsEmbedded: false,
      store: 'upstash',
      model: { provider: 'openrouter', keyInEnvironment: 'sk' },
    });
    const variables = serviceVariables(services, null, login, secrets(), env);
    expect(variables).toMatchObject({
      VAULT_ADDR: 'https://vault.example.com',
      VAULT_NAMESPACE: 'admin',
      MODEL_PROVIDER: 'openrouter',
    });
    expect(JSON.stringify(variables)).not.toMatch(/null|sk/);
  });

  it('RUN-3: each service is chosen by itself', () => {
    expect(chooseServices({ REDIS_URL: 'redis://x' })).toMatchObject({
      store: 'redis',
      vault: { kind: 'embedded' },
    });
    expect(chooseServices({ MODEL_BASE_URL: 'http://x/v1', MODEL_NAME: 'm' })).toMatchObject({
      model: { provider: 'compatible' },
    });
    expect(chooseServices({ OPENROUTER_API_KEY: 'k', MODEL_PROVIDER: 'embedded' })).toMatchObject({
      model: { provider: 'embedded' },
    });
  });

  it.each([
    [{ VAULT_ADDR: 'https://v' }, /AppRole/],
    [{ UPSTASH_REDIS_REST_URL: 'https://u' }, /belong together/],
    [{ REDIS_URL: 'redis://r', UPSTASH_REDIS_REST_URL: 'https://u' }, /both set/],
    [{ MODEL_BASE_URL: 'http://m' }, /MODEL_NAME/],
    [{ MODEL_PROVIDER: 'workers_ai' }, /CLOUDFLARE_ACCOUNT_ID/],
    [{ MODEL_PROVIDER: 'oracle' }, /not a provider/],
  ])('RUN-3: %j is half a configuration, and says which half is missing', (env, message) => {
    expect(() => chooseServices(env)).toThrow(message);
    expect(() => chooseServices(env)).toThrow(BadEnvironment);
  });
});

describe('state', () => {
  it('RUN-2 SEC-3: secrets are made once, for the owner alone', () => {
    const first = ensureSecrets(folder);
    expect(statSync(folder.secrets).mode & 0o777).toBe(0o600);
    expect(ensureSecrets(folder)).toEqual(first);
    expect(Buffer.from(first.sealing_keys.split(':')[1]!, 'base64')).toHaveLength(32);
    const values = Object.values(first).filter((value) => value !== null);
    expect(new Set(values).size).toBe(values.length);
  });

  it('RUN-2: an env file keeps values as they are, and refuses what it cannot carry', () => {
    expect(envFile({ A: 'x #y $z "q"', B: undefined, C: '' })).toBe(`A='x #y $z "q"'\n`);
    expect(() => envFile({ A: "it's" })).toThrow(/A holds/);
    expect(() => envFile({ A: 'x\nEVIL=1' })).toThrow(/A holds/);
  });
});

describe('ports', () => {
  it('RUN-2: a taken port is passed over for the next free one', async () => {
    const port = await anyPort();
    expect(await isFree(port)).toBe(true);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect(await isFree(port)).toBe(false);
    expect(await freePortFrom(port)).toBeGreaterThan(port);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('processes', () => {
  it('RUN-2: stopping a child stops what it started', async () => {
    const { child, grandchild } = await family();
    expect(alive(grandchild)).toBe(true);
    await child.stop();
    await gone(grandchild);
    expect(child.running()).toBe(false);
  });

  it('RUN-2: a child that dies says how, and what it printed last', async () => {
    const child = startProcess(folder, {
      name: 'dying',
      command: process.execPath,
      args: [
        '-e',
        'console.log("[wrangler:info] GET /x 200 OK (1ms)"); console.error("out of cheese"); process.exit(3)',
      ],
      cwd: folder.root,
      env: process.env,
    });
    expect(await child.exited).toBe('ended with exit code 3');
    expect(child.tail()).toEqual(['out of cheese']);
    expect(statSync(child.logPath).mode & 0o077).toBe(0);
  });

  it('RUN-2 REC-6: what a killed start leaves behind ends by itself', async () => {
    const script = `
      const { startProcess } = await import(${JSON.stringify(fileURLToPath(new URL('../../scripts/start/processes.ts', import.meta.url)))});
      const { stateFolder } = await import(${JSON.stringify(fileURLToPath(new URL('../../scripts/start/state-folder.ts', import.meta.url)))});
      const child = startProcess(stateFolder(${JSON.stringify(folder.root)}), { name: 'left', command: process.execPath, args: ['-e', ${JSON.stringify(FAMILY)}], cwd: '/', env: process.env });
      const timer = setInterval(() => { const [line] = child.tail(1); if (line) { console.log(child.pid + ' ' + line); clearInterval(timer); setInterval(() => {}, 1000); } }, 20);
    `;
    const start = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid, , grandchild] = String(await new Promise((resolve) => start.stdout.once('data', resolve)))
      .split(' ')
      .map(Number);
    expect([pid, grandchild].map((one) => alive(one!))).toEqual([true, true]);
    start.kill('SIGKILL');
    await gone(pid!);
    await gone(grandchild!);
  });

  it('RUN-2: a start ends the children of one that was killed, and no other process', async () => {
    const { child, grandchild } = await family();
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
      detached: true,
    });
    // A number that was given to another process since: same pid, another start time.
    record(folder, { name: 'reused', pid: bystander.pid! });
    const records = JSON.parse(readFileSync(folder.processes, 'utf8')) as { name: string; started: string }[];
    records.find(({ name }) => name === 'reused')!.started = 'another time';
    writeFileSync(folder.processes, JSON.stringify(records));
    expect(await endLeftovers(folder)).toEqual(['family']);
    await gone(grandchild);
    expect(child.pid).toBeGreaterThan(0);
    expect(alive(bystander.pid!)).toBe(true);
    bystander.kill('SIGKILL');
  });

  it('RUN-2: a damaged or stale record does not block a start; a start that is alive does', async () => {
    writeFileSync(folder.processes, '[{"name":');
    expect(await endLeftovers(folder)).toEqual([]);
    writeFileSync(folder.processes, JSON.stringify([{ name: 'start', pid: 999_999_999, started: '1' }]));
    expect(await endLeftovers(folder)).toEqual([]);
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    record(folder, { name: 'start', pid: other.pid! });
    await expect(endLeftovers(folder)).rejects.toBeInstanceOf(AlreadyRunning);
    other.kill('SIGKILL');
    await gone(other.pid!);
    recordOwner(folder);
    expect(await endLeftovers(folder)).toEqual([]);
  });
});

describe('bootstrap', () => {
  const BOOTSTRAP = fileURLToPath(new URL('../../scripts/bootstrap.mjs', import.meta.url));
  const WORKERD = `node_modules/@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`;
  const lock = (version: string) => ({
    packages: {
      '': {},
      'node_modules/a': { version },
      [WORKERD]: { version: '1', optional: true },
      'node_modules/b': { version: '1', optional: true },
    },
  });
  let root: string;
  /** Runs the bootstrap of a repository whose npm only writes down what it was asked. */
  const bootstrap = (exitCode = 0) => {
    writeFileSync(
      join(root, 'npm-cli.js'),
      `require('fs').appendFileSync('asked', process.argv.slice(2).join(' ') + '\\n'); require('fs').mkdirSync('node_modules/node/bin', { recursive: true }); process.exit(${exitCode})`,
    );
    const done = spawnSync(process.execPath, [join(root, 'scripts', 'bootstrap.mjs')], {
      cwd: '/',
      encoding: 'utf8',
      env: { ...process.env, npm_execpath: join(root, 'npm-cli.js') },
    });
    return { status: done.status, stderr: done.stderr };
  };
  const asked = () =>
    existsSync(join(root, 'asked')) ? readFileSync(join(root, 'asked'), 'utf8').trim().split('\n') : [];
  const write = (path: string, value: unknown) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), JSON.stringify(value));
  };

  beforeEach(() => {
    root = join(folder.root, 'repository');
    mkdirSync(join(root, 'scripts'), { recursive: true });
    cpSync(BOOTSTRAP, join(root, 'scripts', 'bootstrap.mjs'));
    write('package-lock.json', lock('1.0.0'));
  });

  it('RUN-1: a fresh clone installs from the lock file, once', () => {
    expect(bootstrap().status).toBe(0);
    expect(bootstrap().status).toBe(0);
    expect(asked()).toEqual([expect.stringMatching(/^ci /)]);
  });

  it('RUN-1: a changed lock file installs again', () => {
    bootstrap();
    write('package-lock.json', lock('1.0.1'));
    bootstrap();
    expect(asked()).toHaveLength(2);
  });

  it('RUN-1: what was installed by hand and fits is left alone; what does not fit is not', () => {
    write('node_modules/.package-lock.json', {
      packages: { 'node_modules/a': { version: '1.0.0' }, [WORKERD]: { version: '1', optional: true } },
    });
    expect(bootstrap().status).toBe(0);
    expect(asked()).toEqual([]);
    write('package-lock.json', lock('2.0.0'));
    expect(bootstrap().status).toBe(0);
    expect(asked()).toHaveLength(1);
  });

  it('RUN-1: an installation copied from another kind of machine is made anew', () => {
    write('node_modules/.package-lock.json', {
      packages: { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1' } },
    });
    bootstrap();
    expect(asked()).toHaveLength(1);
  });

  it('RUN-1: a failed installation says so, and is tried again next time', () => {
    const failed = bootstrap(1);
    expect(failed.status).toBe(64);
    expect(failed.stderr).toContain('registry');
    expect(bootstrap().status).toBe(0);
    expect(asked()).toHaveLength(2);
  });
});
