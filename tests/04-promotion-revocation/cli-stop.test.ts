import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KillRequest, KillResult, KillSwitchPage } from '#contract/enforcement.ts';
import { newShell, type Shell } from '#tests/05-bootstrap-checkpointing/cli-run.ts';
import { type FakeApi, problem, startFakeApi } from '#tests/support/fake-api.ts';

let api: FakeApi;
let shell: Shell;
beforeEach(async () => {
  api = await startFakeApi();
  shell = newShell({ AGS_URL: api.url, AGS_KEY: api.key });
  api.answer('GET /api/projects', () => ({
    status: 200,
    body: { items: [{ project_id: 'prj_77', name: 'payments', created_at: AT }], next_cursor: null },
  }));
});
afterEach(async () => {
  shell.remove();
  await api.stop();
});

const AT = '2026-11-22T12:00:00.000Z';
const SWITCH = {
  kill_id: 'ks_0000000000000001',
  scope: 'project' as const,
  id: 'prj_77',
  project_id: 'prj_77',
  reason: 'it looks\u001b[2J odd',
  by: 'person:ps_1',
  at: AT,
  lifted_at: null,
  lifted_by: null,
  lift_reason: null,
  unacknowledged: ['pl_stillalive0'],
};
const sent = (path: string) => api.requests.filter((request) => request.path === path);

/** Answers as the API does; refuses what does not fit its schema. */
function answerThrow(more: Partial<KillResult> = {}): void {
  api.answer('POST /api/kill-switches', ({ body }) => {
    const { scope, id } = KillRequest.parse(body);
    const result = {
      kill_id: SWITCH.kill_id,
      ...{ scope, id, thrown_at: AT, effective_at: AT, in_flight: [], unacknowledged: [] },
      ...more,
    };
    return { status: 201, body: KillResult.parse(result) };
  });
}

describe('ags stop', () => {
  it.each([
    ['agent', ['ag_0000000000000001_2'], { scope: 'agent', id: 'ag_0000000000000001_2' }],
    ['pipeline', ['last'], { scope: 'pipeline', id: expect.stringMatching(/^pl_/) }],
    ['project', ['payments'], { scope: 'project', id: 'prj_77' }],
    ['tenant', [], { scope: 'tenant', id: 'acme' }],
    ['all', [], { scope: 'system', id: 'system' }],
  ])(
    'CLI-1 ENF-6: `stop %s` sends scope, id and reason, and says how to lift it',
    async (word, args, body) => {
      answerThrow();
      const { exitCode, stdout } = await shell.ags('stop', word, ...args, '--reason', 'it looks odd');
      expect(exitCode).toBe(0);
      expect(sent('/api/kill-switches')[0]?.body).toEqual({ ...body, reason: 'it looks odd' });
      expect(stdout).toContain(`ags lift ${SWITCH.kill_id}`);
      expect(stdout).toContain(AT);
    },
  );

  it('CLI-1 ENF-6: what was in flight and who has not answered is named', async () => {
    const action = {
      pipeline_id: 'pl_0123456789abcdef',
      action_id: 'ac_0123456789abcdef_3',
      agent_id: 'ag_0123456789abcdef_2',
      tool: 'webhook_dispatch',
      target: 'sandbox-x\u001b[2J',
      admitted_at: AT,
    };
    answerThrow({ in_flight: [action], unacknowledged: ['pl_silent00'] });
    const { stdout } = await shell.ags('stop', 'tenant', '--reason', 'x');
    for (const shown of [
      'webhook_dispatch',
      'sandbox-x',
      'ac_0123456789abcdef_3',
      'pl_silent00',
      'at the latest',
    ])
      expect(stdout).toContain(shown);
    expect(stdout).not.toContain('\u001b[2J');
  });

  it('CLI-1: without a reason, or for a project that is not there, nothing is sent', async () => {
    answerThrow();
    expect((await shell.ags('stop', 'tenant')).exitCode).toBe(64);
    expect((await shell.ags('stop', 'project', 'nope', '--reason', 'x')).exitCode).toBe(64);
    expect((await shell.ags('lift', SWITCH.kill_id)).exitCode).toBe(64);
    expect(api.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('CLI-1 ENF-6: `stop list` shows what stands, who threw it and what is still live; lifted ones on request', async () => {
    const lifted = {
      ...SWITCH,
      kill_id: 'ks_2',
      lifted_at: AT,
      lifted_by: 'person:ps_2',
      lift_reason: 'over',
    };
    const body = KillSwitchPage.parse({ items: [SWITCH, lifted], next_cursor: null });
    api.answer('GET /api/kill-switches', () => ({ status: 200, body }));
    const { stdout } = await shell.ags('stop', 'list');
    for (const shown of [SWITCH.kill_id, 'prj_77', 'person:ps_1', 'it looks', 'pl_stillalive0'])
      expect(stdout).toContain(shown);
    expect(stdout).not.toContain('ks_2');
    expect(stdout).not.toContain('\u001b[2J');
    expect((await shell.ags('stop', 'list', '--all')).stdout).toContain('person:ps_2: over');
  });

  it('CLI-1 TEN-5: `lift` sends the reason; a refusal shows its remedy and exits 77', async () => {
    const path = `/api/kill-switches/${SWITCH.kill_id}/lift`;
    api.answer(`POST ${path}`, () => ({
      status: 200,
      body: { ...SWITCH, lifted_at: AT, lifted_by: 'person:ps_1', lift_reason: 'over' },
    }));
    const { stdout } = await shell.ags('lift', SWITCH.kill_id, '--reason', 'over');
    expect(stdout).toContain('prj_77 may go on');
    expect(sent(path)[0]?.body).toEqual({ reason: 'over' });
    api.answer(`POST ${path}`, () => problem('person_needed', 'Only a person lifts a kill switch.'));
    const refused = await shell.ags('lift', SWITCH.kill_id, '--reason', 'over');
    expect(refused.exitCode).toBe(77);
    expect(refused.stderr).toContain('remedy of person_needed');
  });
});
