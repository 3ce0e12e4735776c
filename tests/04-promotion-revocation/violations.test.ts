import { beforeAll, describe, expect, it } from 'vitest';
import { LedgerBug, LedgerViolation } from '#contract/enforcement.ts';
import type { Severity } from '#domain/governance/severity.ts';
import { migratedDatabases } from '#tests/07-monitoring-learning/d1.ts';
import { batchOf, FakeLog, FakePipeline, hint } from '#tests/07-monitoring-learning/fake-pipeline.ts';
import { notes } from '#tests/07-monitoring-learning/sample-log.ts';
import { handleLedgerBatch, queryBugs, queryViolations } from '#workers/ledger/index.ts';

const nextDatabase = migratedDatabases(1);
let db: D1Database;

const broken = (n: number, rule: string, severity: Severity) => ({
  type: 'violation_recorded' as const,
  body: {
    violation_id: `vi_x_${n}`,
    agent_id: null,
    rule,
    severity,
    evidence: `evidence ${n}`,
    consequence: 'action refused',
  },
});
const bug = {
  type: 'bug_filed' as const,
  body: {
    bug_id: 'bg_x_1',
    about: 'pl_failed',
    agent_id: 'ag_x_1',
    severity: 'high' as const,
    title: 'cut off',
    body: 'why',
    citations: [],
  },
};

beforeAll(async () => {
  db = await nextDatabase();
  const own = new FakePipeline('pl_own1', 1).commit(
    ...notes(1),
    broken(1, 'forbidden_target:prod-*', 'high'),
    broken(2, 'tier_too_low', 'low'),
    broken(3, 'tier_too_low', 'low'),
  );
  const second = new FakePipeline('pl_own2', 2).commit(...notes(1), broken(4, 'error_rate', 'high'), bug);
  const rival = new FakePipeline('pl_rival', 1, 'rival').commit(
    ...notes(1),
    broken(5, 'theirs', 'high'),
    bug,
  );
  const pipelines = [own, second, rival];
  await handleLedgerBatch(batchOf(pipelines.map((p) => hint(p))), {
    db,
    pipeline: (_tenant, id) => (pipelines.find((p) => p.id === id) as FakePipeline).rpc(),
    tree: () => new FakeLog(),
    log() {},
    now: () => '2026-01-02T00:00:00.000Z',
  });
});

describe('violations and bugs', () => {
  const ids = async (query: Parameters<typeof queryViolations>[3], projects: string[] | null = null) =>
    (await queryViolations(db, 'acme', projects, query)).items.map((v) => v.violation_id);

  it('ENF-7: each has rule, severity, evidence and consequence, newest first, page by page, of one tenant', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queryViolations(db, 'acme', null, { limit: 3, cursor });
      for (const item of page.items) expect(() => LedgerViolation.parse(item)).not.toThrow();
      seen.push(...page.items.map((v) => v.violation_id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    expect([...seen].sort()).toEqual(['vi_x_1', 'vi_x_2', 'vi_x_3', 'vi_x_4']);
  });

  it('ENF-7: they are found by pipeline, rule and severity', async () => {
    expect((await ids({ pipeline_id: 'pl_own1', rule: 'tier_too_low' })).sort()).toEqual([
      'vi_x_2',
      'vi_x_3',
    ]);
    expect((await ids({ severity: 'high' })).sort()).toEqual(['vi_x_1', 'vi_x_4']);
    expect(await ids({ until: '2000-01-01T00:00:00.000Z' })).toEqual([]);
  });

  it('ENF-7 TEN-2: a caller for other projects sees none', async () => {
    expect(await ids({}, ['prj_other'])).toEqual([]);
    const all = await queryViolations(db, 'acme', null, {});
    const project = all.items[0]?.project_id ?? '';
    const its = all.items.filter((v) => v.project_id === project).map((v) => v.violation_id);
    expect(its.length).toBeGreaterThan(0);
    expect(await ids({}, [project])).toEqual(its);
  });

  it('ENF-1: bugs are listed with the run that they are about, of one tenant', async () => {
    const { items } = await queryBugs(db, 'acme', null, {});
    expect(items.map((b) => LedgerBug.parse(b))).toMatchObject([
      { bug_id: 'bg_x_1', pipeline_id: 'pl_own2', title: 'cut off', status: 'open', severity: 'high' },
    ]);
    expect(items[0]?.detail).toContain('About the run pl_failed');
    expect((await queryBugs(db, 'acme', ['prj_other'], {})).items).toEqual([]);
  });
});
