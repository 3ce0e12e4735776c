import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Erasure } from '#client/index.ts';
import { type Caller, TenantSlug } from '#contract/access.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import type { BacktestResult } from '#contract/policies.ts';
import type { QuotaName, QuotaReport } from '#contract/quotas.ts';
import { toConsensus, toOrchestration, toPipeline } from '#contract/views.ts';
import { EGRESS_REFUSALS } from '#domain/governance/egress.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { EvidenceReport } from '#domain/ledger/evidence/verify.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { evolve, initialState, replay, UnknownEventError } from '#domain/pipeline/evolve.ts';
import { blocksOf } from '#domain/prose.ts';
import { actorName } from '../../pages/src/models/actor.ts';
import { CHAIN_START, checkNext } from '../../pages/src/models/chain-check.ts';
import { controlText } from '../../pages/src/models/control-text.ts';
import { CONTROLS, controlsFor, whyNotDecide } from '../../pages/src/models/controls.ts';
import { erasureOf, isErased } from '../../pages/src/models/erasures.ts';
import { eventText, marksOf, rolesOf } from '../../pages/src/models/event-text.ts';
import { verdictOf } from '../../pages/src/models/evidence.ts';
import {
  currentGeneration,
  earlierGenerations,
  hasFailureReport,
} from '../../pages/src/models/failure-report.ts';
import { choicesOf, fallbackText, offeredTo, tallyText } from '../../pages/src/models/fallback-text.ts';
import { ago, duration, money, providerName } from '../../pages/src/models/format.ts';
import { alarmsOf, BANNER_FOR, incidentOf } from '../../pages/src/models/incident.ts';
import { EXPIRING_WITHIN, expiryIn, keyStatus, orderKeys } from '../../pages/src/models/keys.ts';
import { entryText, exportAddress, filterOf, matchesHash, queryOf } from '../../pages/src/models/ledger.ts';
import { readLocator, shortLocator } from '../../pages/src/models/locator.ts';
import { isCurrent, navigationFor } from '../../pages/src/models/navigation.ts';
import {
  countShown,
  listPipelines,
  mergePipelines,
  type Show,
} from '../../pages/src/models/pipeline-list.ts';
import { offsetOf } from '../../pages/src/models/plan-text.ts';
import { backtestText } from '../../pages/src/models/policies.ts';
import { changeText, progressText, stepsOf } from '../../pages/src/models/promotion.ts';
import { proposalColumns } from '../../pages/src/models/proposals.ts';
import { bytes, consequence, quotaRows, tone } from '../../pages/src/models/quotas.ts';
import { ribbonOf } from '../../pages/src/models/ribbon.ts';
import { plainRule } from '../../pages/src/models/rule-text.ts';
import { eventLines } from '../../pages/src/models/save-events.ts';
import { describeRun } from '../../pages/src/models/sentence.ts';
import { firstChoice, stopChoices, stopReason } from '../../pages/src/models/stop.ts';
import { matching, suggestId, tenantStatus } from '../../pages/src/models/tenants.ts';
import { SNAPSHOT_EVERY, Timeline } from '../../pages/src/models/timeline.ts';
import { usageRows } from '../../pages/src/models/usage.ts';
import { identity } from '../support/fixtures/dashboard-identities.ts';
import { KEYS } from '../support/fixtures/dashboard-lists.ts';
import { QUOTA_REPORT } from '../support/fixtures/dashboard-policies.ts';
import {
  abortedRun,
  askingRun,
  incidentRun,
  longRun,
  rerunRun,
  successorRun,
  undecidedRun,
  verdictRun,
  violationRun,
  waitingRun,
  workingRun,
} from '../support/fixtures/dashboard-runs.ts';

const fold = { initial: initialState, replay };
const verdict = verdictRun();
const long = longRun(SNAPSHOT_EVERY * 2 + 37);

describe('timeline', () => {
  const filled = (log: readonly PipelineEvent[]) => {
    const timeline = new Timeline(fold);
    timeline.append(log);
    return timeline;
  };

  it('UI-4: jumping anywhere in any order shows what replaying up to there shows', () => {
    const timeline = filled(long.log);
    fc.assert(
      fc.property(fc.array(fc.nat(long.log.length), { minLength: 1, maxLength: 8 }), (jumps) => {
        for (const seq of jumps) expect(timeline.at(seq)).toEqual(replay(long.log.slice(0, seq)));
      }),
      { numRuns: 25, examples: [[[SNAPSHOT_EVERY, SNAPSHOT_EVERY - 1, SNAPSHOT_EVERY + 1]]] },
    );
  });

  it('UI-4, PIPE-7: a moment that has been shown stays what it was, however many actions come after it', () => {
    const { log } = askingRun(SNAPSHOT_EVERY + 60);
    const one = (seq: number) => log.slice(0, seq).reduce(evolve, initialState);
    const timeline = filled(log.slice(0, 40));
    const kept = [40, 30, 35, 39].map((seq) => ({ seq, state: timeline.at(seq) }));
    timeline.append(log.slice(40, 50));
    timeline.append(log.slice(50));
    kept.push(
      ...[SNAPSHOT_EVERY, SNAPSHOT_EVERY + 5, log.length].map((seq) => ({ seq, state: timeline.at(seq) })),
    );
    timeline.at(SNAPSHOT_EVERY + 30);
    for (const { seq, state } of kept) expect(state).toEqual(one(seq));
    const before = one(40);
    replay(log.slice(40), before);
    expect(before).toEqual(one(40));
  });

  it('PIPE-7: an event that this build does not know stops the timeline there, with all before it kept', () => {
    const log = structuredClone(long.log.slice(0, 30)) as PipelineEvent[];
    (log[24] as { v: number }).v = 99;
    const timeline = new Timeline(fold);
    expect(() => timeline.append(log)).toThrow(UnknownEventError);
    expect(timeline.head).toBe(24);
    expect(timeline.at(24)).toEqual(replay(log.slice(0, 24)));
  });

  it('UI-4: a jump folds at most one snapshot’s distance, and a step by one event folds one', () => {
    let folded = 0;
    const timeline = new Timeline({
      initial: 0,
      replay: (events: readonly PipelineEvent[], n: number) => {
        folded += events.length;
        return n + events.length;
      },
    });
    timeline.append(long.log);
    folded = 0;
    expect(timeline.at(SNAPSHOT_EVERY * 2 - 2)).toBe(SNAPSHOT_EVERY * 2 - 2);
    expect(folded).toBeLessThan(SNAPSHOT_EVERY);
    folded = 0;
    expect(timeline.at(SNAPSHOT_EVERY * 2 - 1)).toBe(SNAPSHOT_EVERY * 2 - 1);
    expect(folded).toBe(1);
  });

  it('API-3: repeats after a reconnect change nothing, and a gap is told', () => {
    const timeline = filled(verdict.log.slice(0, 20));
    expect(timeline.append(verdict.log.slice(5, 20))).toBe('nothing_new');
    expect(timeline.append(verdict.log.slice(15, 30))).toBe('added');
    expect(timeline.append(verdict.log.slice(31))).toBe('gap');
    expect(timeline.head).toBe(30);
    expect(timeline.at(30)).toEqual(replay(verdict.log.slice(0, 30)));
  });
});

describe('chain', () => {
  const check = (log: readonly PipelineEvent[]) => {
    let progress = CHAIN_START;
    for (let i = 0; i < 100 && progress.head.seq < log.length && !progress.broken; i++)
      progress = checkNext(progress, log);
    return progress;
  };

  it('LEDG-2: a whole log verifies slice by slice', () => {
    expect(check(long.log)).toEqual({ head: long.head, broken: null });
  });

  it('LEDG-2: any changed, swapped or cut event is found at its place', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: long.log.length - 2 }),
        fc.constantFrom('change', 'swap', 'cut'),
        (at, how) => {
          const log = [...long.log];
          const event = log[at]!;
          if (how === 'change') log[at] = { ...event, at: '2027-01-01T00:00:00.000Z' };
          if (how === 'swap') [log[at], log[at + 1]] = [log[at + 1]!, event];
          if (how === 'cut') log.splice(at, 1);
          expect(check(log).broken?.seq).toBe(how === 'change' ? event.seq : event.seq + 1);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('the sentence', () => {
  const say = (log: readonly PipelineEvent[]) => describeRun(toOrchestration(replay(log)));

  it('UI-4: says what waits for whom', () => {
    expect(say(waitingRun().log)).toEqual({
      tone: 'waiting',
      text: 'The report is ready and waits for a person to read it.',
      next: 'you, with Continue',
    });
    expect(say(workingRun().log)).toMatchObject({ tone: 'working', next: 'ALPHA' });
  });

  it('UI-4: leads with the verdict once there is one, and with the reason when it failed', () => {
    expect(say(verdict.log)).toMatchObject({
      tone: 'success',
      text: expect.stringContaining(
        'Verdict: “Do not apply; split the plan in three”. Approved by ALPHA and BETA',
      ),
      next: null,
    });
    expect(say(violationRun().log)).toMatchObject({
      tone: 'danger',
      text: expect.stringContaining('a critical rule was broken'),
    });
  });

  it('CONS-9, UI-4: a failed consensus says why and who decides, and is no end', () => {
    const { state } = undecidedRun();
    const said = describeRun(toOrchestration(state), state.failure?.reason);
    expect(said).toMatchObject({ tone: 'waiting', next: 'an operator, who chooses a way on' });
    expect(said.text).toMatch(/^The agents could not agree\. [A-Z].+\.$/);
  });

  it('UI-4: there is a sentence for every moment of every run', () => {
    const aborted = abortedRun();
    const runs = [verdict, violationRun(), waitingRun(), workingRun(), undecidedRun(), rerunRun()];
    for (const { log } of [...runs, aborted, successorRun(aborted)]) {
      for (let seq = 1; seq <= log.length; seq++) expect(say(log.slice(0, seq)).text).toMatch(/\.$/);
    }
  });

  it('PIPE-1: the ribbon shows where a run is and how it ended', () => {
    const at = (log: readonly PipelineEvent[]) =>
      ribbonOf(toPipeline(replay(log))).map((s) => `${s.name} ${s.status}`);
    expect(at(verdict.log)).toEqual([
      'SPAWN done',
      'RUNNING done',
      'REPORT done',
      'ORCHESTRATING done',
      'COMPLETED done',
    ]);
    expect(at(waitingRun().log)).toEqual([
      'SPAWN done',
      'RUNNING done',
      'REPORT now',
      'ORCHESTRATING ahead',
      'COMPLETED ahead',
    ]);
    expect(at(violationRun().log).at(-1)).toBe('FAILED failed');
  });
});

describe('controls', () => {
  const caller = (role: Caller['role']): Caller => ({
    tenant: 'acme',
    subject_id: 'ps_1',
    subject_kind: 'person',
    name: 'A',
    role,
    project_ids: null,
    via: 'session',
    credential_id: 'c',
  });

  it('TEN-2, UI-4: only those who may act get buttons, and only those that fit the state', () => {
    const waiting = waitingRun().state;
    expect(controlsFor(waiting, caller('operator'))).toEqual(['continue', 'abort', 'stop']);
    expect(controlsFor(workingRun().state, caller('admin'))).toEqual(['pause', 'abort', 'stop']);
    expect(controlsFor(undecidedRun().state, caller('admin'))).toEqual(['stop']);
    expect(controlsFor(verdict.state, caller('admin'))).toEqual([]);
    for (const role of ['viewer', 'auditor'] as const) expect(controlsFor(waiting, caller(role))).toEqual([]);
  });

  it('PIPE-10: a paused run offers to go on, also while its last steps still finish', () => {
    const rig = workingRun();
    rig.when({ kind: 'pause', reason: 'test' });
    expect(rig.state.pause).toBe('requested');
    expect(controlsFor(rig.state, caller('operator'))).toEqual(['resume', 'abort', 'stop']);
  });

  it('UI-4: every button says what it will do before it does it', () => {
    const p = toPipeline(workingRun().state);
    for (const control of CONTROLS) {
      const text = controlText(control, p);
      expect(text.description.length).toBeGreaterThan(40);
      expect(text.title).toContain(`#${p.number}`);
      expect(text.reason).not.toBe('');
    }
    expect(controlText('abort', p).description).toContain('attempt 2 of 3');
    expect(controlText('abort', { ...p, attempt: 3 }).description).toContain('no successor follows');
  });

  it('GOV-5: nobody decides what they asked for themselves, and only persons decide', () => {
    expect(whyNotDecide('person:ps_2', caller('operator'))).toBeNull();
    expect(whyNotDecide('person:ps_1', caller('admin'))).toContain('yourself');
    expect(whyNotDecide('person:ps_2', caller('viewer'))).toContain('viewer');
    expect(whyNotDecide('person:ps_2', { ...caller('admin'), subject_kind: 'service' })).toContain('persons');
  });
});

describe('incidents', () => {
  const map = (...rigs: { state: Parameters<typeof toPipeline>[0] }[]) =>
    new Map(rigs.map(({ state }) => [toPipeline(state).pipeline_id, toPipeline(state)]));
  const report = (rig: { log: readonly PipelineEvent[]; state: Parameters<typeof toPipeline>[0] }) =>
    incidentOf(rig.log, rig.state)!;

  it('UI-5: the pipeline itself says rule, agent, target and time of its newest serious violation', () => {
    const rig = incidentRun(24);
    const at = rig.last('violation_recorded')!.at;
    expect(toPipeline(rig.state).incident).toMatchObject({
      rule: 'forbidden_target:prod-*',
      severity: 'high',
      role: 'ALPHA',
      target: 'prod-checkout-db',
      at,
    });
    expect(toPipeline(verdict.state).incident).toBeUndefined();
  });

  it('UI-5: the banner has the newest first, and neither what was hidden nor what is a day old', () => {
    const [first, second] = [incidentRun(24), violationRun(11)];
    const [a, b] = [first, second].map((rig) => rig.last('violation_recorded')!);
    const ids = (hidden: string[], now: number) =>
      alarmsOf(map(first, second, verdict), new Set(hidden), now).map((x) => x.incident.violation_id);
    const soon = Math.max(Date.parse(a!.at), Date.parse(b!.at));
    const newestFirst = [a!, b!].toSorted((x, y) => y.at.localeCompare(x.at)).map((e) => e.body.violation_id);
    expect(ids([], soon)).toEqual(newestFirst);
    expect(ids([newestFirst[0]!], soon)).toEqual([newestFirst[1]]);
    expect(ids([], soon + BANNER_FOR)).toEqual([]);
  });

  it('UI-5: last allowed, first refused and what was in flight come from the log; the gate is open until something closes it', () => {
    const rig = incidentRun(24);
    const open = report(rig);
    expect(open.lastAllowed).toMatchObject({ tool: 'terraform_inspect', target: 'sandbox-checkout' });
    expect(open.firstRefused).toMatchObject({ target: 'prod-checkout-db', outcome: 'denied' });
    expect(open.inFlight.map((x) => x.outcome)).toEqual(['running']);
    expect(open.closed).toBeNull();
    expect(open.outcomes).toEqual({ known: 0, unknown: 1 });

    const agent = rig.last('violation_recorded')!.body.agent_id!;
    rig.when({ kind: 'revoke', agent_id: agent, reason: 'test' });
    const closed = report(rig);
    expect(closed.closed).toEqual({ scope: 'agent', at: rig.last('agent_revoked')!.at });
    expect(closed.tokens).toMatchObject({ issued: 1, gone: 0 });
    expect(closed.inFlight).toHaveLength(1);
  });

  it('UI-5: a critical violation closes the whole gate by itself; tokens count until each is confirmed gone', () => {
    const rig = incidentRun(25, 'critical');
    const before = report(rig);
    expect(before.closed).toEqual({ scope: 'pipeline', at: rig.state.outcome!.at });
    expect(before.tokens.gone).toBe(0);
    rig.revokeAll();
    const after = report(rig);
    expect(after.tokens.gone).toBe(after.tokens.issued);
    expect(after.tokens.issued).toBeGreaterThan(2);
    expect(incidentOf(verdict.log, verdict.state)).toBeNull();
  });

  it('UI-5: Stop begins with the whole run chosen and its reason written; what has ended cannot be stopped again', () => {
    const p = toPipeline(incidentRun(24).state);
    const whole = { tenant: 'acme', project_ids: null };
    const choices = stopChoices(p, p.incident!, whole);
    expect(choices.map((c) => [c.scope, c.id, c.whyNot])).toEqual([
      ['agent', p.incident!.agent_id, null],
      ['pipeline', p.pipeline_id, null],
      ['project', p.project_id, null],
      ['tenant', 'acme', null],
    ]);
    expect(firstChoice(choices)?.scope).toBe('pipeline');
    expect(stopReason(p.incident!)).toBe('Incident: high violation of forbidden_target:prod-* by ALPHA');
    const ended = toPipeline(violationRun().state);
    const left = stopChoices(ended, ended.incident!, { ...whole, project_ids: [p.project_id] });
    expect(left.filter((c) => c.whyNot === null).map((c) => c.scope)).toEqual(['project']);
    expect(firstChoice(left)?.scope).toBe('project');
  });
});

describe('rules', () => {
  it('ENF-7, UI-5: whatever a built-in policy or rule refuses has a sentence of its own', () => {
    const folder = new URL('../../workers/policy/builtin/', import.meta.url);
    const texts = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
    // Permits and questions to a person refuse nothing; `egress` stands for the egress rules' own names.
    const ids = texts
      .flatMap((text) => [...text.matchAll(/@id\("([^"]+)"\)/g)].map((m) => m[1]!))
      .filter((id) => !/_may_use$|^egress$|_needs_approval$/.test(id));
    expect(ids.length).toBeGreaterThan(8);
    for (const id of [...ids, ...EGRESS_REFUSALS, 'call_rate', 'error_rate'])
      expect([id, plainRule(id)]).not.toEqual([id, plainRule('a rule of the tenant’s own')]);
    expect(plainRule('forbidden_action:delete_production')).toBe(plainRule('forbidden_action'));
  });
});

describe('who acted', () => {
  const caller = { subject_kind: 'person', subject_id: 'ps_1' } as Caller;
  it('TEN-5: is “you”, a name to whoever may know names, else the id; the platform’s admin has a name', () => {
    const names = new Map([['ps_2', 'Grace Hopper']]);
    expect(actorName('person:ps_1', caller, names)).toBe('you');
    expect(actorName('person:ps_2', caller, names)).toBe('Grace Hopper');
    expect(actorName('person:ps_2', caller)).toBe('ps_2');
    expect(actorName('platform:admin', caller)).toBe('the platform’s admin');
  });
});

describe('an external pipeline', () => {
  it('GOV-7, UI-4: has no report and no consensus in its ribbon', () => {
    const live = toPipeline(askingRun(40).state);
    expect(ribbonOf(live).map((s) => `${s.name} ${s.status}`)).toEqual([
      'SPAWN done',
      'RUNNING now',
      'COMPLETED ahead',
    ]);
  });
});

describe('what a role may choose', () => {
  it('TEN-2, PROM-3: tier 2 is not an operator’s to ask for, and is told why; the rest stays as the state says', () => {
    const { fallbacks } = toConsensus(undecidedRun().state);
    const tier2 = (role: Caller['role']) =>
      offeredTo(role, 1, fallbacks).find((o) => o.action === 'escalate_tier')!;
    expect(tier2('admin')).toMatchObject({ allowed: true, why_not: null });
    expect(tier2('operator')).toMatchObject({ allowed: false, why_not: expect.stringContaining('tier 2') });
    expect(offeredTo('operator', 0, fallbacks)).toEqual(fallbacks);
  });
});

describe('navigation and keys', () => {
  it('TEN-2, UI-1: keys and people are offered to those who may read them', () => {
    const labels = (role: Caller['role']) => navigationFor(role).flatMap((g) => g.pages.map((p) => p.label));
    expect(labels('admin')).toContain('Keys and people');
    expect(labels('auditor')).toContain('Keys and people');
    expect(labels('operator')).not.toContain('Keys and people');
    expect(labels('viewer')).toContain('Pipelines');
  });

  it('UI-1: a page is current also below its address, and a pipeline belongs to the list', () => {
    expect(isCurrent('/', '/pipelines/pl_1')).toBe(true);
    expect(isCurrent('/', '/approvals')).toBe(false);
    expect(isCurrent('/access', '/access/keys')).toBe(true);
    expect(isCurrent('/access', '/accessories')).toBe(false);
  });

  it('TEN-2: a key that ends is announced a week before, and works up to its last moment', () => {
    const now = Date.parse('2026-11-22T12:00:00.000Z');
    const until = (ms: number) =>
      keyStatus({ expires_at: new Date(now + ms).toISOString(), revoked_at: null }, now);
    expect(until(EXPIRING_WITHIN + 1)).toBe('live');
    expect(until(EXPIRING_WITHIN)).toBe('expiring');
    expect(until(1)).toBe('expiring');
    expect(until(0)).toBe('expired');
    expect(keyStatus({ expires_at: null, revoked_at: expiryIn(-1, now)! }, now)).toBe('revoked');
    expect(expiryIn(null, now)).toBeUndefined();
    const names = orderKeys(KEYS, now).map((k) => k.name);
    expect(names.at(-1)).toBe('old');
  });
});

describe('policies and quotas', () => {
  const result = (change: Partial<BacktestResult>): BacktestResult => ({
    examined: 3,
    skipped: 0,
    truncated: false,
    stricter: 0,
    looser: 0,
    changes: [],
    ...change,
  });

  it('GOV-4: a backtest says both directions, and tells nothing changed from nothing to judge', () => {
    expect(backtestText(result({}))).toBe(
      '3 recorded actions judged again: every decision would be the same.',
    );
    expect(backtestText(result({ examined: 0 }))).toContain('nothing to judge again');
    expect(backtestText(result({ examined: 0, skipped: 4 }))).toContain('None of the recorded actions');
    const both = backtestText(result({ stricter: 2, looser: 1, changes: [{} as never] }));
    expect(both).toContain('2 would be refused or need a person, 1 would be let through');
  });

  it('TEN-1: use is told against its limit; what is not known or not used up has no bar', () => {
    const rows = new Map(quotaRows(QUOTA_REPORT).map((r) => [r.name, r]));
    expect(rows.get('monthly_tokens')).toMatchObject({ used: '850,000', limit: '1,000,000', share: 0.85 });
    expect(rows.get('storage_bytes')).toMatchObject({ used: null, limit: '1 GB', share: null });
    expect(rows.get('retention_days')!.share).toBeNull();
    expect([0.79, 0.8, 0.999, 1].map(tone)).toEqual(['fine', 'near', 'near', 'full']);
    expect([0, 999, 1_000, 1_234_567].map(bytes)).toEqual(['0 B', '999 B', '1 KB', '1.2 MB']);
    const none = { ...QUOTA_REPORT, quotas: { ...QUOTA_REPORT.quotas, live_pipelines: 0 } };
    expect(quotaRows(none)[0]!.share).toBe(1);
    const idle = { ...none, usage: { ...none.usage, live_pipelines: 0 } };
    expect(quotaRows(idle)[0]!.share).toBe(1);
  });

  it('TEN-1: what a lower limit would do is said before it is set; one that does nothing yet is not warned of', () => {
    const of = (name: QuotaName, n: number) => consequence(name, n, QUOTA_REPORT);
    expect(of('live_pipelines', 5)).toBeNull();
    expect(of('live_pipelines', 4)).toContain('In use: 4. No new pipeline');
    expect(of('live_pipelines', 0)).toBe('No pipeline is begun at all.');
    expect(of('monthly_tokens', 850_000)).toContain('Runs wait before their next call of a model');
    expect(of('monthly_cost_microusd', 1_250_001)).toBeNull();
    // What is stored is not known here, so nothing can be said of it.
    expect(of('storage_bytes', 1)).toBeNull();
    expect(of('retention_days', 180)).toBeNull();
    const longer = { ...QUOTA_REPORT, quotas: { ...QUOTA_REPORT.quotas, retention_days: 400 } };
    expect(consequence('retention_days', 399, longer)).toContain('do not come back');
  });

  it('TEN-1: a tenant stands as its worst part does', () => {
    const report = (change: Partial<QuotaReport['usage']>): QuotaReport => ({
      ...QUOTA_REPORT,
      usage: { ...QUOTA_REPORT.usage, tokens: 0, ...change },
    });
    expect(tenantStatus(report({})).variant).toBe('success');
    expect(tenantStatus(report({ tokens: 800_000 }))).toEqual({
      label: 'nearly used up',
      variant: 'warning',
    });
    expect(tenantStatus(report({ tokens: 800_000, live_pipelines: 100 })).label).toBe('a quota is used up');
    const spent = { since: '2026-11-22T12:00:00.000Z', detail: 'Too many.', retry_after_s: 60 };
    const error_budget = { ...QUOTA_REPORT.usage.error_budget, spent };
    expect(tenantStatus(report({ error_budget }))).toEqual({ label: 'error budget spent', variant: 'error' });
  });

  it('TEN-1: a tenant is found by its name or id, and a name suggests an id that the API takes', () => {
    const at = '2026-11-22T12:00:00.000Z';
    const all = [
      { tenant: 'acme-pay', name: 'Acme Payments', created_at: at },
      { tenant: 'globex', name: 'Globex', created_at: at },
    ];
    const found = (text: string) => matching(all, text).map((t) => t.tenant);
    expect([found(''), found(' PAYM'), found('-pay'), found('nobody')]).toEqual([
      ['acme-pay', 'globex'],
      ['acme-pay'],
      ['acme-pay'],
      [],
    ]);
    expect(suggestId('Acme Payments, Inc.')).toBe('acme-payments-inc');
    expect(suggestId('3 Zürich')).toBe('zurich');
    expect(suggestId('東京')).toBe('');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), (name) => {
        const id = suggestId(name);
        expect(id === '' || id.length < 3 || TenantSlug.safeParse(id).success).toBe(true);
      }),
    );
  });
});

describe('erased content', () => {
  it('LEDG-2: an entry is erased when only its commitment is left, and the first word for it is named', () => {
    const entry = { pipeline_id: 'pl_1', seq: 7 };
    expect([isErased({}), isErased({ content: null }), isErased({ content: 'f'.repeat(64) })]).toEqual([
      false,
      false,
      true,
    ]);
    const word = (asked_at: string, events: number[], pipeline_id = 'pl_1'): Erasure => ({
      erasure_id: `er_${asked_at}`,
      pipeline_id,
      events,
      documents: [],
      reason: 'r',
      asked_by: 'person:ps_1',
      asked_at,
      done_at: null,
    });
    const all = [word('2026-11-03', [7]), word('2026-11-02', [6, 7]), word('2026-11-01', [7], 'pl_2')];
    expect(erasureOf(entry, all)?.asked_at).toBe('2026-11-02');
    expect(erasureOf({ ...entry, seq: 8 }, all)).toBeNull();
  });
});

describe('promotion', () => {
  it('PROM-2: a change is told with its tiers and its reason; one that is not known, by its name', () => {
    const change = { from_tier: 1, to_tier: 2, suspended: false, reason: 'earned' };
    const told = (type: string, body: unknown) => changeText({ type, body });
    expect(told('agent_tier_changed', change)).toEqual({ what: 'From tier 1 to tier 2', why: 'earned' });
    expect(told('agent_tier_changed', { ...change, from_tier: 0, to_tier: 0, suspended: true }).what).toBe(
      'Stays at tier 0, suspended',
    );
    expect(told('agent_identity_registered', { start_tier: 1 })).toEqual({
      what: 'First seen, at tier 1',
      why: null,
    });
    expect(told('agent_tier_changed', null)).toEqual({ what: 'agent tier changed', why: null });
    expect(told('something_new', change).what).toBe('something new');
  });

  it('PROM-1: the way to the next tier names what is missing, and when nothing is', () => {
    const base = identity();
    expect(progressText(base)).toBe('Tier 2 is earned; a person gives it.');
    const short = { ...base.progress, compliant: 7, in_a_row: 5, clean_days: 12, met: false };
    expect(progressText({ ...base, progress: short })).toBe(
      'To tier 2: 3 compliant runs, 18 days without a violation to go, and a person’s approval.',
    );
    expect(progressText({ ...base, suspended: true })).toContain('Suspended');
    expect(progressText({ ...base, tier: 2, progress: { ...short, to: null } })).toBe(
      'Tier 2 is the highest.',
    );
    expect(stepsOf({ ...base, progress: { ...short, clean_days_needed: 0 } }).map((s) => s.done)).toEqual([
      false,
      true,
    ]);
  });
});

describe('the ledger', () => {
  const empty = filterOf(new URLSearchParams());

  it('LEDG-4: filters stand in the address, and days become the API’s times, the last one included', () => {
    const filter = filterOf(
      new URLSearchParams('q=two words&severity=high&since=2026-11-22&until=2026-11-22&x=1'),
    );
    expect(queryOf(filter)).toEqual({
      q: 'two words',
      severity: 'high',
      since: '2026-11-22T00:00:00.000Z',
      until: '2026-11-23T00:00:00.000Z',
    });
    expect(queryOf({ ...empty, since: 'no day', q: '  ' })).toEqual({});
    expect(exportAddress({ ...empty, q: 'a&b' }, 'jsonl')).toBe('/api/ledger/export?q=a%26b&format=jsonl');
  });

  it('LEDG-2: an entry is told from one whose content, time or actor was changed', () => {
    const event = verdict.last('vote_cast')!;
    const entry = { ...event, pipeline_id: 'pl_1', agent_id: null, severity: null };
    expect(matchesHash(entry)).toBe(true);
    expect(matchesHash({ ...entry, actor: 'person:other' })).toBe(false);
    expect(matchesHash({ ...entry, at: '2026-01-01T00:00:00.000Z' })).toBe(false);
    expect(matchesHash({ ...entry, body: { ...event.body, confidence: 1 } })).toBe(false);
    expect(matchesHash({ ...entry, body: { bad: Number.NaN } })).toBe(false);
  });

  it('LEDG-1: every event has a line, also one of the tenant’s own log and one that this page does not know', () => {
    const line = (type: string, body: unknown) =>
      entryText({ ...verdict.log[0]!, type, body, pipeline_id: 'ct_acme', agent_id: null, severity: null });
    for (const e of verdict.log)
      expect(entryText({ ...e, pipeline_id: 'pl_1', agent_id: null, severity: null })).not.toBe('');
    expect(line('key_created', { name: 'x' })).toBe('key created');
    expect(line('vote_cast', null)).toBe('vote cast');
  });

  it('LEDG-3: erased content is said in the verdict, and a failed check is never called verified', () => {
    const report = (verified: boolean, redacted: number[]): EvidenceReport => ({
      verified,
      checks: [{ name: 'chain', status: verified ? 'passed' : 'failed', findings: [] }],
      subject: null,
      outcome: null,
      redacted,
      witnesses: [],
    });
    expect(verdictOf(report(true, []))).toBe('verified');
    expect(verdictOf(report(true, [7]))).toBe('redacted');
    expect(verdictOf(report(false, [7]))).toBe('refused');
  });
});

describe('failed consensus', () => {
  it('REC-1: the best supported proposal is offered first, and every choice says how its votes stood', () => {
    const { state } = undecidedRun();
    const { proposals } = toOrchestration(state).blackboard;
    const choices = choicesOf(proposals, toConsensus(state).proposals);
    expect(choices).toHaveLength(proposals.length);
    const support = choices.map((c) => c.tally?.approve ?? -1);
    expect(support).toEqual(support.toSorted((a, b) => b - a));
    expect(tallyText(choices[0]!.tally)).toMatch(/for, \d+ against/);
    expect(tallyText(null)).toBe('replaced by a later revision');
  });

  it('REC-1: what stands before tier 2 is said before it is asked for', () => {
    expect(fallbackText('escalate_tier', 0).does).not.toContain('approve');
    expect(fallbackText('escalate_tier', 1).does).toContain('another person has to approve');
  });

  it('REC-1, REC-4: the report keeps earlier generations with their proposals, votes and reasons', () => {
    const { state } = rerunRun();
    const [first] = earlierGenerations(state);
    expect(hasFailureReport(state)).toBe(true);
    expect(hasFailureReport(verdict.state)).toBe(false);
    expect(first).toMatchObject({ generation: 1, tier: 1, reason: expect.any(String) });
    expect(first!.proposals.length).toBeGreaterThan(1);
    expect(first!.proposals.every((p) => p.votes.every((v) => v.reason !== ''))).toBe(true);
    const now = currentGeneration(state, toOrchestration(state), toConsensus(state));
    expect(now).toMatchObject({ generation: 2, reason: null });
  });
});

describe('blackboard', () => {
  it('CONS-1: columns hold the latest revision, older ones, and the votes that stand', () => {
    const [alpha, beta] = proposalColumns(toOrchestration(verdict.state).blackboard);
    expect([alpha?.latest.author, alpha?.won, beta?.latest.author, beta?.won]).toEqual([
      'ALPHA',
      false,
      'BETA',
      true,
    ]);
    expect(beta?.latest.revision).toBe(2);
    expect(beta?.older.map((p) => p.revision)).toEqual([1]);
    expect(beta?.votes.map((v) => [v.seat, v.vote])).toContainEqual(['ALPHA', 'approve']);
    expect(beta?.earlier.map((v) => [v.seat, v.vote, v.revision])).toContainEqual(['ALPHA', 'reject', 1]);
  });

  it('AGENT-6: usage by agent adds up to the pipeline’s, at any moment', () => {
    for (const seq of [10, 30, 60, verdict.log.length]) {
      const { usage } = toPipeline(replay(verdict.log.slice(0, seq)));
      const rows = usageRows(verdict.log, seq);
      expect(rows.reduce((sum, r) => sum + r.cost_microusd, 0)).toBe(usage.cost_microusd);
      expect(rows.reduce((sum, r) => sum + r.tokens_in + r.tokens_out, 0)).toBe(
        usage.tokens_in + usage.tokens_out,
      );
    }
    expect(usageRows(verdict.log, verdict.log.length).map((r) => r.agent)).toEqual([
      'PLANNER',
      'ALPHA',
      'BETA',
    ]);
  });

  it('UI-4: every event has a line for people that names roles instead of ids', () => {
    const roles = rolesOf(verdict.log);
    for (const event of verdict.log) expect(eventText(event, roles)).not.toMatch(/\bag_|undefined|\[object/);
    const unknown = { ...verdict.log[0], type: 'from_the_future' } as unknown as PipelineEvent;
    expect(eventText(unknown, roles)).toBe('from the future');
    expect(marksOf(verdict.log).map((m) => m.kind)).toContain('verdict');
    expect(marksOf(violationRun().log).map((m) => m.kind)).toContain('refusal');
  });
});

describe('list', () => {
  const base = toPipeline(workingRun().state);
  const p = (number: number, change: Partial<Pipeline> = {}): Pipeline => ({
    ...base,
    pipeline_id: `pl_${number}`,
    number,
    ...change,
  });

  it('UI-2: the newer of two answers stands, whichever comes last', () => {
    const once = mergePipelines(new Map(), [p(1, { seq: 9, state: 'COMPLETED' })]);
    expect(mergePipelines(once, [p(1, { seq: 4 })]).get('pl_1')?.state).toBe('COMPLETED');
    expect(mergePipelines(once, [p(1, { seq: 10, state: 'FAILED' })]).get('pl_1')?.state).toBe('FAILED');
  });

  it('UI-1: filters by life, state and every word; the newest first', () => {
    const all = mergePipelines(new Map(), [
      p(1),
      p(3, { state: 'COMPLETED', verdict: 'Do not apply' }),
      p(2, { state: 'FAILED' }),
    ]);
    const shown = (show: Show, state = '', text = '') =>
      listPipelines(all, { show, state, text }).map((x) => x.number);
    expect(shown('all')).toEqual([3, 2, 1]);
    expect(shown('live')).toEqual([1]);
    expect(shown('ended')).toEqual([3, 2]);
    const waits = (['continue', 'approval', 'fallback', 'resume', 'queue', 'credentials'] as const).map(
      (waiting_for, i) => p(10 + i, { waiting_for }),
    );
    const more = mergePipelines(all, [...waits, p(20, { waiting_for: 'fallback', state: 'FAILED' })]);
    expect(listPipelines(more, { show: 'needs', state: '', text: '' }).map((x) => x.waiting_for)).toEqual([
      'resume',
      'fallback',
      'approval',
      'continue',
    ]);
    expect(countShown(more)).toEqual({ all: 10, needs: 4, live: 7, ended: 3 });
    expect(shown('all', 'FAILED')).toEqual([2]);
    expect(shown('all', '', 'APPLY not')).toEqual([3]);
    expect(shown('all', '', 'apply never')).toEqual([]);
  });
});

describe('texts', () => {
  it.each([
    [
      '/resource_changes/3/change/after/a~1b',
      { kind: 'path', parts: ['resource_changes', '3', 'change', 'after', 'a/b'] },
    ],
    ['§ 3. Encrypt / Cut over', { kind: 'section', parts: ['3. Encrypt', 'Cut over'] }],
    ['## Restore', { kind: 'section', parts: ['Restore'] }],
    ['Ticket > Note for automation', { kind: 'section', parts: ['Ticket', 'Note for automation'] }],
    ['line 14', { kind: 'line', text: 'line 14' }],
    ['L2-L5', { kind: 'line', text: 'lines 2–5' }],
    ['somewhere', { kind: 'text', text: 'somewhere' }],
  ])('CONS-1: the locator %s is readable', (locator, expected) => {
    expect(readLocator(locator)).toEqual(expected);
  });

  it('AGENT-5: what agents write is structured text: lists, quotes, strong, code, and never a link or markup', () => {
    const plain = (text: string) => ({ text, look: 'plain' });
    expect(blocksOf('# Why\nBecause **it** `is`\nso.\n\n- one\n- two\n1. first\n> said')).toEqual([
      { kind: 'heading', spans: [plain('Why')] },
      {
        kind: 'paragraph',
        spans: [
          plain('Because '),
          { text: 'it', look: 'strong' },
          plain(' '),
          { text: 'is', look: 'code' },
          plain('\nso.'),
        ],
      },
      { kind: 'list', ordered: false, items: [[plain('one')], [plain('two')]] },
      { kind: 'list', ordered: true, items: [[plain('first')]] },
      { kind: 'quote', spans: [plain('said')] },
    ]);
    for (const hostile of [
      '[x](javascript:alert(1))',
      '<img src=x onerror=alert(1)>',
      '![x](https://evil.test/p.png)',
    ])
      expect(blocksOf(hostile)).toEqual([{ kind: 'paragraph', spans: [plain(hostile)] }]);
  });

  it('LEDG-2: a downloaded log is whole and still verifies', () => {
    const lines = eventLines(verdict.log).trimEnd().split('\n');
    expect(verifyChain(lines.map((line) => JSON.parse(line)))).toEqual({
      ok: true,
      count: verdict.log.length,
    });
  });

  it('CONS-1: a chip shows the end of a long path', () => {
    expect(shortLocator('/resource_changes/3/change/after')).toBe('… › 3 › change › after');
  });

  it('RUN-5: the embedded model never passes for an LLM', () => {
    expect(providerName('embedded')).toBe('embedded (not an LLM)');
    expect(providerName('openrouter')).toBe('openrouter');
  });

  it('UI-4: money and time are never rounded to nothing', () => {
    expect([0, 12, 71_900, 2_500_000].map(money)).toEqual(['$0', '< $0.0001', '$0.0719', '$2.50']);
    expect([400, 65_000, 3_600_000, 90_061_000].map(duration)).toEqual([
      '0 s',
      '1 min 5 s',
      '1 h',
      '1 d 1 h',
    ]);
    const now = Date.parse('2026-11-22T12:00:00.000Z');
    expect(ago('2026-11-22T11:59:58.000Z', now)).toBe('now');
    expect(ago('2026-11-22T11:00:00.000Z', now)).toBe('1 h ago');
  });

  it('DSL-1: a line and column lead to their place in the text', () => {
    const text = 'name: a\nobjectve: b\n';
    expect(text.slice(offsetOf(text, 2, 1)).startsWith('objectve')).toBe(true);
    expect(offsetOf(text, 2, 999)).toBe('name: a\nobjectve: b'.length);
    expect(offsetOf(text, 99, 1)).toBe(text.length);
  });
});
