import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VERBS } from '#cli/commands/index.ts';
import { NOUNS } from '#cli/program.ts';
import type { Orchestration } from '#client/index.ts';
import { type FakeApi, goldenLog, problem, startFakeApi } from '#tests/support/fake-api.ts';
import { newShell, type Shell } from './cli-run.ts';

const PLAN = 'name: tiny\nversion: 1.0.0\ntier: 0\nobjective: Is it so?\n';
const ESCAPE = '\u001b';

let api: FakeApi;
let shell: Shell;
beforeEach(async () => {
  api = await startFakeApi();
  shell = newShell({ AGS_URL: api.url, AGS_KEY: api.key });
});
afterEach(async () => {
  shell.remove();
  await api.stop();
});

const json = (text: string) => JSON.parse(text) as Record<string, never>;
const spawned = () =>
  api.requests.find((request) => request.path === '/api/spawn')?.body as Record<string, never>;

describe('usage', () => {
  it.each(VERBS.map((verb) => [verb.path.join(' '), verb] as const))(
    'CLI-1: `ags %s --help` shows arguments, options and examples',
    async (name, verb) => {
      const { exitCode, stdout } = await shell.ags(...verb.path, '--help');
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`Usage: ags ${name}`);
      expect(stdout).toContain('--json');
      for (const example of verb.examples) expect(stdout).toContain(example);
    },
  );

  it('CLI-1: the help says what each group of verbs is about', async () => {
    const { stdout } = await shell.ags('--help');
    for (const noun of new Set(VERBS.filter((verb) => verb.path.length > 1).map((verb) => verb.path[0]!))) {
      expect(NOUNS[noun], noun).toBeTruthy();
      expect(stdout).toContain(NOUNS[noun]!.slice(0, 20));
    }
  });

  it.each([
    ['an unknown verb', ['pipeline', 'lst'], 'Did you mean list?'],
    ['an unknown option', ['pipeline', 'list', '--frob'], '--frob'],
    ['a missing argument', ['run'], 'plan'],
    ['too many arguments', ['doctor', 'now'], 'too many arguments'],
    ['a tier that is none', ['run', 'plan.yaml', '--tier', '3'], 'from 0 to 2'],
    ['a state that is none', ['pipeline', 'list', '--state', 'DONE'], 'COMPLETED'],
  ])('CLI-1: %s exits 64 and says what is possible', async (_what, argv, hint) => {
    const { exitCode, stdout, stderr } = await shell.ags(...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    expect(stderr).toContain(hint);
  });

  it('CLI-1: with --json even a usage error is one JSON document', async () => {
    const { exitCode, stdout } = await shell.ags('pipeline', 'list', '--frob', '--json');
    expect(exitCode).toBe(64);
    expect(json(stdout)).toMatchObject({ error: { code: 'usage', exit_code: 64 } });
  });

  it('CLI-1: --json and --no-color stand before or after the verb', async () => {
    for (const argv of [
      ['--json', 'auth', 'whoami'],
      ['auth', '--json', 'whoami'],
      ['auth', 'whoami', '--json'],
    ]) {
      expect(json((await shell.ags(...argv)).stdout)).toMatchObject({ name: 'Ada' });
    }
  });

  it.each(['bash', 'zsh', 'fish'])('CLI-1: completion for %s knows every verb', async (name) => {
    const { exitCode, stdout } = await shell.ags('completion', name);
    expect(exitCode).toBe(0);
    for (const verb of VERBS) expect(stdout).toContain(verb.path.at(-1));
    expect((await shell.ags('completion', 'tcsh')).exitCode).toBe(64);
  });

  it('CLI-1: the completion for bash is a script that bash runs', async () => {
    const { stdout } = await shell.ags('completion', 'bash');
    const offered = (...words: string[]) => {
      const asked = `${stdout}\nCOMP_WORDS=(ags ${words.join(' ')}); COMP_CWORD=${words.length}; _ags; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', asked], { encoding: 'utf8' }).stdout.trim().split('\n').sort();
    };
    expect(offered('pipeline', 'w')).toEqual(['wait', 'watch']);
    // Neither an option's value nor an argument hides what the verb can be told.
    expect(offered('--profile', 'local', 'pipeline', 'list', '--st')).toEqual(['--state']);
    expect(offered('run', 'plan.yaml', '--fail')).toEqual(['--fail-on']);
  });
});

describe('where to', () => {
  it('CLI-1: without a deployment it says how to get one', async () => {
    const { exitCode, stderr } = await shell.agsWith(
      { env: { AGS_URL: '', AGS_KEY: '' } },
      'pipeline',
      'list',
    );
    expect(exitCode).toBe(64);
    expect(stderr).toContain('npm start');
  });

  it('CLI-1 SEC-3: login keeps the key in a file for its owner alone, and never shows it', async () => {
    const { exitCode, stdout, stderr } = await shell.agsWith(
      { stdin: `${api.key}\n`, env: { AGS_URL: '', AGS_KEY: '' } },
      ...['auth', 'login', '--url', api.url, '--key-stdin', '--profile', 'work'],
    );
    expect(exitCode).toBe(0);
    expect(stdout + stderr).not.toContain(api.key);
    const path = join(shell.home, 'config', 'profiles.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      current: 'work',
      profiles: { work: { url: api.url } },
    });

    const plain = { env: { AGS_URL: '', AGS_KEY: '' } };
    const listed = await shell.agsWith(plain, 'auth', 'list', '--json');
    expect(json(listed.stdout)).toEqual({ items: [{ profile: 'work', url: api.url, current: true }] });
    expect((await shell.agsWith(plain, 'auth', 'whoami')).stdout).toContain('Ada');
    expect((await shell.agsWith(plain, 'auth', 'whoami', '--profile', 'other')).exitCode).toBe(64);
    expect(
      (await shell.agsWith({ env: { ...plain.env, AGS_PROFILE: 'other' } }, 'auth', 'whoami')).exitCode,
    ).toBe(64);
    expect((await shell.agsWith(plain, 'auth', 'logout')).exitCode).toBe(0);
    expect((await shell.agsWith(plain, 'auth', 'whoami')).exitCode).toBe(64);
  });

  it('CLI-1: a key that the deployment does not know is refused and not kept', async () => {
    const { exitCode } = await shell.agsWith(
      { stdin: 'ags_wrong', env: { AGS_URL: '', AGS_KEY: '' } },
      ...['auth', 'login', '--url', api.url, '--key-stdin'],
    );
    expect(exitCode).toBe(77);
    expect(existsSync(join(shell.home, 'config', 'profiles.json'))).toBe(false);
  });

  it('CLI-1: a damaged profile file is named, not overwritten', async () => {
    mkdirSync(join(shell.home, 'config'));
    const path = join(shell.home, 'config', 'profiles.json');
    writeFileSync(path, '{"version":1,');
    const { exitCode, stderr } = await shell.agsWith(
      { env: { AGS_URL: '', AGS_KEY: '' } },
      'pipeline',
      'list',
    );
    expect(exitCode).toBe(64);
    expect(stderr).toContain(path);
    expect(readFileSync(path, 'utf8')).toBe('{"version":1,');
  });

  it('CLI-1: nobody there exits 69, refused exits 77, trouble on their side 69', async () => {
    const nobody = await shell.agsWith({ env: { AGS_URL: 'http://127.0.0.1:9' } }, 'pipeline', 'list');
    expect(nobody.exitCode).toBe(69);
    const refused = await shell.agsWith({ env: { AGS_KEY: 'ags_wrong' } }, 'pipeline', 'list', '--json');
    expect(refused.exitCode).toBe(77);
    expect(json(refused.stdout)).toMatchObject({ error: { code: 'unauthenticated', exit_code: 77 } });
    api.answer('GET /api/pipelines', () => problem('ledger_unavailable', 'D1 does not answer.'));
    const trouble = await shell.ags('pipeline', 'list', '--all');
    expect(trouble.exitCode).toBe(69);
    expect(trouble.stderr).toContain('0123456789abcdef0123456789abcdef');
  });

  it('CLI-1: something that answers but is not the API exits 69', async () => {
    api.answer('GET /api/active-pipelines', () => ({ status: 502, body: '<html>Bad Gateway</html>' }));
    expect((await shell.ags('pipeline', 'list')).exitCode).toBe(69);
    api.answer('GET /api/active-pipelines', () => ({ status: 200, body: '<html>Welcome</html>' }));
    const { exitCode, stderr } = await shell.ags('pipeline', 'list');
    expect(exitCode).toBe(69);
    expect(stderr).toContain('not JSON');
  });
});

describe('plans', () => {
  it('DSL-1: the files that a plan’s context names travel with it', async () => {
    shell.write('notes.md', 'Remember the milk.\n');
    const plan = shell.write('plan.yaml', `${PLAN}context:\n  - { name: notes, file: notes.md }\n`);
    expect((await shell.ags('run', plan)).exitCode).toBe(0);
    expect(spawned()).toMatchObject({ plan: { files: { 'notes.md': 'Remember the milk.\n' } } });
  });

  it('DSL-1 SEC-3: a plan cannot send a file from outside its folder, not through a link either, unless allowed', async () => {
    const secret = shell.write('secret.txt', 'do not send');
    mkdirSync(join(shell.home, 'plans'));
    symlinkSync(secret, join(shell.home, 'plans', 'link.txt'));
    for (const file of ['../secret.txt', secret, 'link.txt']) {
      const plan = shell.write('plans/plan.yaml', `${PLAN}context:\n  - { name: it, file: ${file} }\n`);
      const { exitCode, stderr } = await shell.ags('run', plan);
      expect(exitCode).toBe(64);
      expect(stderr).toContain('--allow-outside');
      expect(spawned()).toBeUndefined();
    }
    expect((await shell.ags('run', 'plans', '--allow-outside')).exitCode).toBe(0);
    expect(spawned()).toMatchObject({ plan: { files: { 'link.txt': 'do not send' } } });
  });

  it.each([
    ['missing', () => 'nowhere.yaml', 'There is no plan file'],
    ['empty', () => shell.write('empty.yaml', '\n'), 'is empty'],
    [
      'not text',
      () => {
        writeFileSync(join(shell.home, 'bin.yaml'), Buffer.from([0xff, 0xfe, 0x00, 0x80]));
        return 'bin.yaml';
      },
      'not UTF-8',
    ],
    [
      'a folder without a plan',
      () => {
        mkdirSync(join(shell.home, 'folder'));
        return 'folder';
      },
      'plan.yaml',
    ],
    [
      'a missing context file',
      () => shell.write('p.yaml', `${PLAN}context:\n  - { name: a, file: gone.md }\n`),
      'gone.md',
    ],
  ])('CLI-1: a plan that is %s exits 64 before anything is sent', async (_what, make, says) => {
    const { exitCode, stderr } = await shell.ags('run', make());
    expect(exitCode).toBe(64);
    expect(stderr).toContain(says);
    expect(api.requests).toEqual([]);
  });

  it('CLI-1: inputs are typed as the plan declares them; @file is a file’s text, @@ an @', async () => {
    shell.write('change.patch', '--- a\n+++ b\n');
    const plan = shell.write(
      'plan.yaml',
      `${PLAN}inputs:\n  n: { type: number }\n  yes: { type: boolean }\n  s: { type: string }\n  at: { type: string }\n  diff: { type: document }\n`,
    );
    const pairs = ['n=3', 'yes=true', 's=42', 'at=@@home', 'diff=@change.patch'].flatMap((pair) => [
      '--input',
      pair,
    ]);
    expect((await shell.ags('run', plan, ...pairs)).exitCode).toBe(0);
    expect(spawned()).toMatchObject({
      inputs: { n: 3, yes: true, s: '42', at: '@home', diff: '--- a\n+++ b\n' },
    });
    expect((await shell.ags('run', plan, '--input', 'n')).exitCode).toBe(64);
    expect((await shell.ags('run', plan, '--input', 'n=1', '--input', 'n=2')).exitCode).toBe(64);
    expect((await shell.ags('run', plan, '--input', 'diff=@gone')).exitCode).toBe(64);
  });

  it('DSL-1: findings show place, message, what was expected, and the line itself', async () => {
    const plan = shell.write('plan.yaml', 'name: tiny\ntier: 7\n');
    const finding = {
      severity: 'error',
      code: 'invalid',
      message: 'tier is 7.',
      line: 2,
      column: 7,
      expected: '0, 1 or 2',
    };
    api.answer('POST /api/plans/check', () => ({
      status: 200,
      body: { ok: false, findings: [finding], decisions: [], estimate: null },
    }));
    const { exitCode, stdout } = await shell.ags('plan', 'check', plan);
    expect(exitCode).toBe(65);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'plan.yaml:2:7  error  tier is 7. (expected 0, 1 or 2)',
      '    2 │ tier: 7',
      '      │       ^',
    ]);
    api.answer('POST /api/spawn', () => problem('preflight_failed', 'tier is 7.', { findings: [finding] }));
    const refused = await shell.ags('run', plan);
    expect(refused.exitCode).toBe(77);
    expect(refused.stderr).toContain('plan.yaml:2:7');
  });

  it('PIPE-9: a spawn that was cut off is sent again with the same idempotency key', async () => {
    const plan = shell.write('plan.yaml', PLAN);
    let cut = 0;
    const whole = { status: 201, body: (await shell.ags('pipeline', 'list', '--json')).stdout };
    const [pipeline] = (JSON.parse(whole.body) as { items: unknown[] }).items;
    api.answer('POST /api/spawn', () =>
      cut++ === 0 ? { status: 200, body: 'cut o' } : { status: 201, body: pipeline },
    );
    expect((await shell.ags('run', plan)).exitCode).toBe(0);
    const keys = api.requests
      .filter(({ path }) => path === '/api/spawn')
      .map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });
});

describe('waiting', () => {
  const run = (...more: string[]) => shell.ags('run', shell.write('plan.yaml', PLAN), '--wait', ...more);

  it('CLI-1 PIPE-1: --wait follows the run and exits with its exit code', async () => {
    api.play(goldenLog('v1-consensus'));
    const passed = await run();
    expect(passed.exitCode).toBe(0);
    expect(passed.stdout).toContain('✔ Verdict:');
    expect(passed.stderr).toContain('ORCHESTRATING');
    expect(passed.stderr).toMatch(/consensus in round \d/);

    api.play(goldenLog('v1-failure'));
    const failed = await run();
    expect(failed.exitCode).toBe(goldenExit('v1-failure'));
    expect(failed.stdout).not.toContain('✔ Verdict');
  });

  it('CLI-1: with --json stdout is one document and nothing else', async () => {
    api.play(goldenLog('v1-consensus'));
    const { exitCode, stdout } = await run('--json');
    expect(exitCode).toBe(0);
    expect(json(stdout)).toMatchObject({ exit_code: 0, pipeline: { state: 'COMPLETED' } });
  });

  it('CLI-1: --fail-on exits 65 when the verdict rests on such a finding, and only then', async () => {
    const severities = ['info', 'low', 'medium', 'high', 'critical'] as const;
    const codes: number[] = [];
    for (const severity of severities) {
      api.play(goldenLog('v1-consensus'), 1_000);
      codes.push((await run('--quiet', '--fail-on', severity)).exitCode);
    }
    const worst = severities.lastIndexOf(
      severities.findLast((one) =>
        goldenLog('v1-consensus').some((e) => e.type === 'finding_written' && e.body.severity === one),
      )!,
    );
    expect(codes).toEqual(severities.map((_, at) => (at <= worst ? 65 : 0)));
  });

  it('API-3: watching goes on after the connection was lost', async () => {
    api.play(goldenLog('v1-consensus'), 8);
    const timer = setInterval(() => api.dropSockets(), 200);
    const { exitCode, stderr } = await run();
    clearInterval(timer);
    expect(exitCode).toBe(0);
    const rounds = stderr.match(/ round 1 /g) ?? [];
    expect(rounds).toHaveLength(1);
  });

  it('CLI-1: a terminal gets a block that is redrawn and given back; a pipe gets plain lines', async () => {
    api.play(goldenLog('v1-consensus'));
    const plan = shell.write('plan.yaml', PLAN);
    const terminal = await shell.agsWith(
      { isTTY: true, env: { TERM: 'xterm-256color' } },
      'run',
      plan,
      '--wait',
    );
    expect(terminal.stderr).toContain(`${ESCAPE}[?25l`);
    expect(terminal.stderr.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(
      terminal.stderr.lastIndexOf(`${ESCAPE}[?25l`),
    );
    expect(terminal.stderr).toContain('✔ SPAWN');
    api.play(goldenLog('v1-consensus'));
    const pipe = await shell.ags('run', plan, '--wait');
    expect(pipe.stdout + pipe.stderr).not.toContain(ESCAPE);
    api.play(goldenLog('v1-consensus'));
    const plain = await shell.agsWith(
      { isTTY: true, env: { TERM: 'xterm', NO_COLOR: '1' } },
      'pipeline',
      'show',
      'last',
    );
    expect(plain.stdout).not.toContain(`${ESCAPE}[`);
  });

  it('SEC-1: what a model wrote cannot drive the terminal', async () => {
    const log = goldenLog('v1-consensus').map((event) =>
      event.type === 'proposal_written'
        ? { ...event, body: { ...event.body, title: `ok${ESCAPE}]0;owned\u0007${ESCAPE}[2J\u202Eevil` } }
        : event,
    );
    api.play(log, 1_000);
    const { stdout, stderr } = await run();
    for (const control of [ESCAPE, '\u0007', '\u202e']) expect(stdout + stderr).not.toContain(control);
  });
});

function goldenExit(name: 'v1-failure'): number {
  const ended = goldenLog(name).find((event) => event.type === 'pipeline_ended');
  return ended?.type === 'pipeline_ended' ? ended.body.exit_code : -1;
}

describe('looking', () => {
  it('CLI-1: list, show and logs speak of the same pipeline, by id, number or "last"', async () => {
    const { stdout } = await shell.ags('pipeline', 'list');
    expect(stdout).toContain(api.pipelineId);
    for (const which of [api.pipelineId, '1', '#1', 'last']) {
      const shown = await shell.ags('pipeline', 'show', which, '--json');
      expect(json(shown.stdout)).toMatchObject({ pipeline: { pipeline_id: api.pipelineId } });
    }
    expect((await shell.ags('pipeline', 'show', 'number-one')).exitCode).toBe(64);
    expect((await shell.ags('pipeline', 'show', 'pl_0000000000')).exitCode).toBe(77);
  });

  it('PIPE-7: show --at is the state as it was', async () => {
    const { stdout } = await shell.ags('pipeline', 'show', 'last', '--at', '1', '--json');
    expect(json(stdout)).toMatchObject({ pipeline: { state: 'SPAWN', seq: 1 } });
  });

  it('PIPE-7: logs --all --json is the whole log, page by page', async () => {
    const { stdout } = await shell.ags('pipeline', 'logs', 'last', '--all', '--json');
    expect(json(stdout)).toMatchObject({ items: goldenLog('v1-consensus') });
    expect(api.requests.filter(({ path }) => path === '/api/pipeline/events').length).toBeGreaterThan(3);
  });

  it('CLI-1: show says the winning title once, and what agents wrote as text, not as Markdown', async () => {
    const { stdout } = await shell.ags('pipeline', 'show', 'last', '--json');
    const shown = JSON.parse(stdout) as Orchestration;
    const { consensus } = shown.blackboard;
    const winner = shown.blackboard.proposals.find(
      ({ proposal_id, revision }) =>
        proposal_id === consensus?.proposal_id && revision === consensus.revision,
    );
    if (!winner) throw new Error('the golden run has a winner');
    winner.title = shown.pipeline.verdict = 'Do not apply; split in three';
    winner.body = `${winner.title}.\n\n## Found\n- **critical** the \`database\` is replaced\n\u001b[2J> Split it.`;
    api.answer('GET /api/pipeline/orchestration', () => ({ status: 200, body: shown }));
    const page = (await shell.ags('pipeline', 'show', 'last')).stdout;
    expect(page.split(winner.title)).toHaveLength(2);
    expect(page).toMatch(/\n {2}Found\n\n {2}• critical the database is replaced\n\n {2}│ Split it\.\n/);
    winner.body = `${winner.title} after all.`;
    expect((await shell.ags('pipeline', 'show', 'last')).stdout).toContain(winner.body);
  });

  it('RUN-5: the embedded model is called what it is', async () => {
    const { stdout } = await shell.ags('pipeline', 'show', 'last', '--json');
    const shown = JSON.parse(stdout) as { pipeline: object };
    const body = { ...shown, pipeline: { ...shown.pipeline, providers: ['embedded'] } };
    api.answer('GET /api/pipeline/orchestration', () => ({ status: 200, body }));
    expect((await shell.ags('pipeline', 'show', 'last')).stdout).toContain('not an LLM');
  });
});

describe('doctor', () => {
  const UP = { status: 'up', latency_ms: 3, detail: null, last_error: null };

  it('RUN-3: all well exits 0 and names every hop', async () => {
    api.answer('GET /api/health', () => ({
      status: 200,
      body: {
        status: 'up',
        dependencies: [
          { name: 'vault', ...UP },
          { name: 'd1', ...UP },
        ],
      },
    }));
    const { exitCode, stdout } = await shell.ags('doctor');
    expect(exitCode).toBe(0);
    for (const hop of ['configuration', 'API', 'key', 'vault', 'd1']) expect(stdout).toContain(`✔ ${hop}`);
  });

  it('RUN-3: a dependency that is down exits 69 and has a fix', async () => {
    const down = { name: 'vault', status: 'down', latency_ms: null, detail: null, last_error: 'sealed' };
    api.answer('GET /api/health', () => ({
      status: 200,
      body: { status: 'degraded', dependencies: [down, { name: 'd1', ...UP }] },
    }));
    const { exitCode, stdout } = await shell.ags('doctor');
    expect(exitCode).toBe(69);
    expect(stdout).toMatch(/✘ vault +sealed\n +fix: Check VAULT_ADDR/);
    const asJson = await shell.ags('doctor', '--json');
    expect(json(asJson.stdout)).toMatchObject({ ok: false });
  });

  it('RUN-3: it stops at the first hop that everything else needs', async () => {
    const nobody = await shell.agsWith({ env: { AGS_URL: 'http://127.0.0.1:9' } }, 'doctor', '--json');
    expect(nobody.exitCode).toBe(69);
    expect(json(nobody.stdout).hops).toHaveLength(2);
    const stranger = await shell.agsWith({ env: { AGS_KEY: 'ags_wrong' } }, 'doctor');
    expect(stranger.exitCode).toBe(77);
    const nothing = await shell.agsWith({ env: { AGS_URL: '', AGS_KEY: '' } }, 'doctor');
    expect(nothing.exitCode).toBe(64);
  });

  it('SEC-3: keys that others on the machine can read are reported', async () => {
    const env = { AGS_URL: '', AGS_KEY: '' };
    await shell.agsWith({ stdin: api.key, env }, 'auth', 'login', '--url', api.url, '--key-stdin');
    chmodSync(join(shell.home, 'config', 'profiles.json'), 0o644);
    api.answer('GET /api/health', () => ({ status: 200, body: { status: 'up', dependencies: [] } }));
    expect((await shell.agsWith({ env }, 'doctor')).stdout).toContain('chmod 600');
  });
});

describe('deciding', () => {
  it.each([
    ['continue', '/api/pipeline/continue', { reason: 'why' }],
    ['cancel', '/api/pipeline/cancel', { reason: 'why' }],
    ['pause', '/api/pipeline/pause', { reason: 'why' }],
    ['resume', '/api/pipeline/resume', { reason: 'why' }],
    ['abort', '/api/pipeline/abort', { reason: 'why' }],
    ['stop', '/api/pipeline/revoke', { reason: 'why' }],
    ['revoke', '/api/pipeline/revoke', { reason: 'why' }],
  ])('CLI-1 CRED-4: `pipeline %s` sends the reason that goes on record', async (verb, path, body) => {
    const answer = {
      pipeline_id: api.pipelineId,
      state: 'FAILED',
      scope: 'pipeline',
      status: 'revoking',
      gate_closed_at: '2026-11-22T12:00:00.000Z',
      seq: 9,
    };
    api.answer(`POST ${path}`, () => ({ status: 202, body: answer }));
    expect((await shell.ags('pipeline', verb, api.pipelineId, '--reason', 'why')).exitCode).toBe(0);
    expect(api.requests.at(-1)?.body).toEqual({ pipeline_id: api.pipelineId, ...body });
  });

  it('CLI-1: a refusal names the states that would allow it', async () => {
    api.answer('POST /api/pipeline/continue', () =>
      problem('wrong_state', 'It runs.', { allowed: ['REPORT'] }),
    );
    const { exitCode, stderr } = await shell.ags('pipeline', 'continue', api.pipelineId);
    expect(exitCode).toBe(77);
    expect(stderr).toContain('allowed in: REPORT');
    expect(stderr).toContain('remedy of wrong_state');
  });
});
