import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTime } from '#scripts/start/leftovers.ts';
import { anyPort } from '#scripts/start/ports.ts';
import { REPOSITORY } from '#scripts/start/workers.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ags-main-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

interface Start {
  process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves once stderr holds the text; rejects when it ends before that. */
  says(text: string): Promise<void>;
  ended: Promise<number | null>;
}

/** `npm start -- …` without npm, on a state folder and profiles of its own. */
function npmStart(...args: string[]): Start {
  const child = spawn(process.execPath, [join(REPOSITORY, 'scripts', 'start', 'main.ts'), ...args], {
    cwd: home,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      AGS_CONFIG_HOME: home,
      AGS_STATE_DIR: join(home, 'state'),
      INIT_CWD: home,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
    for (const listener of listeners) listener();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (stderr.includes(text)) resolve();
        };
        listeners.add(look);
        look();
        void ended.then((code) => reject(new Error(`ended with ${code} before "${text}":\n${stderr}`)));
      }),
  };
}

const plan = (name: string, text: string): string => {
  writeFileSync(join(home, name), text);
  return name;
};
const TINY =
  'name: tiny\nversion: 1.0.0\ntier: 0\nobjective: Is the sky blue?\ncontext:\n  - { name: sky.md, text: "The sky is blue on a clear day." }\n';

describe('npm start', () => {
  it('RUN-2 CLI-1: a plan that is not there is refused before anything starts', async () => {
    const start = npmStart('--plan', 'nowhere.yaml');
    expect(await start.ended).toBe(64);
    expect(start.stderr()).toContain('nowhere.yaml');
  });

  it('DSL-1: a plan with an error is shown with its line before anything starts, and the exit code says refused', async () => {
    const start = npmStart('--once', '--plan', plan('bad.yaml', TINY.replace('tier: 0', 'tier: 9')));
    expect(await start.ended).toBe(77);
    expect(start.stderr()).toContain('bad.yaml:3:7');
    expect(existsSync(join(home, 'state'))).toBe(false);
  });

  it('RUN-2: --port that is taken is refused', async () => {
    const port = await anyPort();
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(port, '127.0.0.1', resolve));
    const start = npmStart('--no-run', '--port', String(port));
    expect(await start.ended).toBe(64);
    expect(start.stderr()).toContain(`Port ${port} is taken`);
    busy.close();
  });

  it('RUN-2 RUN-7: --once --json runs the sample and exits with its exit code', async () => {
    const start = npmStart('--once', '--json');
    expect(await start.ended, start.stderr()).toBe(0);
    const answer = JSON.parse(start.stdout()) as Record<string, unknown>;
    expect(answer).toMatchObject({
      pipeline: { state: 'COMPLETED', exit_code: 0, verdict: expect.stringMatching(/do not apply/i) },
      evidence: { ok: true },
    });
    expect(start.stderr()).toContain('not an LLM');
    const profiles = join(home, 'profiles.json');
    expect(statSync(profiles).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(profiles, 'utf8'))).toMatchObject({ current: 'local' });
  });

  it('REC-6 RUN-2: it names the port it took instead; killed while a plan runs and started again, it goes on with the same pipeline, stays up, refuses a second start, and ends cleanly on Ctrl-C', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) =>
      busy.listen(DEFAULT_PORT, '127.0.0.1', () => resolve()).on('error', () => resolve()),
    );
    const stalled = plan(
      'stalled.yaml',
      `${TINY}embedded:\n  misbehave:\n    - { agent: PLANNER, kind: stall, seconds: 4, times: 1 }\n`,
    );
    const first = npmStart('--plan', stalled);
    await first.says('PLANNER joins');
    expect(first.stderr()).toContain('port 3000 is taken');
    first.process.kill('SIGKILL');
    await first.ended;

    const again = npmStart('--plan', stalled);
    await again.says('Ctrl-C');
    const resumed = /of an earlier start: (#\d+)/.exec(again.stderr())?.[1];
    expect(resumed).toBeDefined();
    expect(again.stdout()).toContain('✔ Verdict:');
    expect(again.stdout()).toContain('✔ Evidence:');
    expect(again.stderr()).toMatch(/http:\/\/127\.0\.0\.1:\d+\/signin\?token=\S+/);
    const second = npmStart();
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toContain('running already');
    const children = processes();
    expect(children.length).toBe(3);
    again.process.kill('SIGINT');
    expect(await again.ended).toBe(0);
    expect(children.filter((one) => startTime(one.pid) === one.started)).toEqual([]);
    busy.close();
  });

  it('RUN-2: --reset forgets what earlier starts did; a Worker that dies ends the start with its name and its log, non-zero', async () => {
    const start = npmStart('--reset', '--json', '--plan', plan('tiny.yaml', TINY));
    await start.says('Ctrl-C');
    expect(JSON.parse(start.stdout())).toMatchObject({ pipeline: { number: 1 } });
    const product = processes().find(({ name }) => name === 'product');
    process.kill(-product!.pid, 'SIGKILL');
    expect(await start.ended).toBe(1);
    expect(start.stderr()).toContain('product was ended by SIGKILL');
    expect(start.stderr()).toContain('product.log');
  });
});

/** The default port; when somebody has it already, that is as good. */
const DEFAULT_PORT = 3_000;

const processes = (): { name: string; pid: number; started: string }[] =>
  JSON.parse(readFileSync(join(home, 'state', 'processes.json'), 'utf8'));
