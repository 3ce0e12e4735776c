import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AgentIdentityStory,
  AgentIdentityView,
  DemoteRequest,
  GrantRequest,
  PromoteRequest,
} from '#contract/identities.ts';
import { newShell, type Shell } from '#tests/05-bootstrap-checkpointing/cli-run.ts';
import { type FakeApi, startFakeApi } from '#tests/support/fake-api.ts';

const ID = 'aid_0123456789abcdef0123';
const AGENT = AgentIdentityView.parse({
  identity_id: ID,
  template: 'builtin',
  version: '1',
  role: 'ALPHA',
  model: 'openrouter/some-model',
  prompt_sha256: 'a'.repeat(64),
  tools_sha256: 'b'.repeat(64),
  model_sha256: 'c'.repeat(64),
  tier: 1,
  suspended: false,
  since: '2026-11-01T12:00:00.000Z',
  created_at: '2026-10-01T12:00:00.000Z',
  progress: {
    to: 2,
    compliant: 7,
    compliant_needed: 10,
    in_a_row: 4,
    in_a_row_needed: 5,
    clean_days: 12,
    clean_days_needed: 30,
    met: false,
    person_needed: true,
    runs: [],
  },
});
const STORY = AgentIdentityStory.parse({
  ...AGENT,
  runs: [
    {
      pipeline_id: 'pl_0123456789abcdef',
      plan_sha256: 'd'.repeat(64),
      ended_at: '2026-11-20T12:00:00.000Z',
      real_model: true,
      admitted_actions: 3,
      violations: 1,
      high_violations: 0,
      worst: 'low',
    },
  ],
  changes: [
    {
      seq: 9,
      at: '2026-11-01T12:00:00.000Z',
      actor: 'system:promotion',
      type: 'agent_tier_changed',
      body: {
        from_tier: 0,
        to_tier: 1,
        suspended: false,
        reason: '5 compliant runs',
        runs: ['pl_a', 'pl_b'],
      },
    },
  ],
});

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
const sent = (path: string) => api.requests.filter((r) => r.path === path).map(({ body }) => body);

describe('ags agents', () => {
  it('CLI-1, PROM-1: list says what each agent has and what it lacks', async () => {
    api.answer('GET /api/agent-identities', () => ({
      status: 200,
      body: { items: [AGENT], next_cursor: null },
    }));
    const { stdout, exitCode } = await shell.ags('agents', 'list');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(ID);
    expect(stdout).toContain('for tier 2: 7/10 compliant runs, 4/5 in a row, 12/30 days without a violation');
    const json = await shell.ags('agents', 'list', '--json');
    expect(JSON.parse(json.stdout).items[0]).toEqual(AGENT);
  });

  it('CLI-1, PROM-2: show names the runs behind every change', async () => {
    api.answer(`GET /api/agent-identities/${ID}`, () => ({ status: 200, body: STORY }));
    const { stdout } = await shell.ags('agents', 'show', ID);
    expect(stdout).toContain('tier 0 → 1: 5 compliant runs (pl_a, pl_b)');
    expect(stdout).toContain('pl_0123456789abcdef  3 actions, 1 violations (low)');
  });

  it('CLI-1, PROM-2: promote, demote and grant send what was said, and nothing without a reason or a tier', async () => {
    for (const [verb, schema] of [
      ['promote', PromoteRequest],
      ['demote', DemoteRequest],
      ['grant', GrantRequest],
    ] as const)
      api.answer(`POST /api/agent-identities/${ID}/${verb}`, ({ body }) => {
        schema.parse(body);
        return { status: 200, body: AGENT };
      });
    expect((await shell.ags('agents', 'promote', ID)).exitCode).toBe(64);
    expect((await shell.ags('agents', 'grant', ID, '--reason', 'r')).exitCode).toBe(64);
    expect(api.requests).toEqual([]);
    expect((await shell.ags('agents', 'promote', ID, '--reason', 'ten clean runs')).exitCode).toBe(0);
    expect(
      (await shell.ags('agents', 'demote', ID, '--tier', '0', '--suspend', '--reason', 'odd')).exitCode,
    ).toBe(0);
    expect((await shell.ags('agents', 'grant', ID, '--tier', '1', '--reason', 'looked at')).exitCode).toBe(0);
    expect(sent(`/api/agent-identities/${ID}/promote`)).toEqual([{ reason: 'ten clean runs' }]);
    expect(sent(`/api/agent-identities/${ID}/demote`)).toEqual([{ tier: 0, suspend: true, reason: 'odd' }]);
    expect(sent(`/api/agent-identities/${ID}/grant`)).toEqual([{ tier: 1, reason: 'looked at' }]);
  });
});
