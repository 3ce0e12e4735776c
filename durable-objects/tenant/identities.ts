import {
  type AgentIdentity,
  type IdentityRun,
  identityIdOf,
  type Progress,
  progressOf,
  type Standing,
  tierChange,
} from '#domain/governance/promotion.ts';
import type { Severity } from '#domain/governance/severity.ts';
import { leastTier, type Tier } from '#domain/governance/tier.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import type { ControlError } from './rpc.ts';
import { type ControlStore, iso, recordChange } from './store.ts';

/** The agents that come with the system, whichever model speaks for them. */
export const BUILTIN = 'builtin';
/** PROM-1: what a new tenant's built-in agents start with, by grant of the platform: enough to write inside the sandbox. */
const BUILTIN_START: Tier = 1;

type IdentityRow = {
  identity_id: string;
  template: string;
  version: string;
  role: string;
  model: string;
  prompt_sha256: string;
  tools_sha256: string;
  model_sha256: string;
  tier: Tier;
  suspended: number;
  since: number;
  created_at: number;
};
type RunRow = Omit<IdentityRun, 'real_model'> & { real_model: number };

/** Runs that are looked at: far more than any rule needs. */
const RUNS = 500;

export interface IdentityRecord extends AgentIdentity {
  identity_id: string;
  tier: Tier;
  suspended: boolean;
  since: string;
  created_at: string;
  progress: Progress;
}
export interface IdentityStory extends IdentityRecord {
  runs: (Omit<IdentityRun, 'ended_at'> & { ended_at: string })[];
  changes: { seq: number; at: string; actor: string; type: string; body: unknown }[];
}

/** How the identities of a run stand together (PROM-3). */
export interface JointStanding {
  tier: Tier;
  /** By role. */
  identities: Record<string, string>;
  suspended: { identity_id: string; role: string }[];
}

export function grantBuiltinStart(store: ControlStore): void {
  const reason = 'The agents that come with the system may write inside the sandbox from the start.';
  run(
    store.sql,
    'INSERT INTO start_tiers (template, tier, reason, granted_by, granted_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    BUILTIN,
    BUILTIN_START,
    reason,
    'platform',
    store.now(),
  );
  recordChange(store, 'platform', 'start_tier_granted', { template: BUILTIN, tier: BUILTIN_START, reason });
}

const find = (store: ControlStore, id: string): IdentityRow | undefined =>
  row<IdentityRow>(store.sql, 'SELECT * FROM identities WHERE identity_id = ?', id);

const runsOf = (store: ControlStore, id: string): IdentityRun[] =>
  rows<RunRow>(
    store.sql,
    `SELECT pipeline_id, plan_sha256, ended_at, real_model, admitted_actions, violations, high_violations, worst
     FROM identity_runs WHERE identity_id = ? ORDER BY ended_at DESC LIMIT ?`,
    id,
    RUNS,
  ).map((found) => ({ ...found, real_model: found.real_model === 1, worst: found.worst as Severity | null }));

const standingOf = ({ tier, suspended, since }: IdentityRow): Standing => ({
  tier,
  suspended: suspended === 1,
  since,
});

function register(store: ControlStore, identity: AgentIdentity): IdentityRow {
  const identity_id = identityIdOf(store.tenant, identity);
  const known = find(store, identity_id);
  if (known) return known;
  const granted = row<{ tier: Tier }>(
    store.sql,
    'SELECT tier FROM start_tiers WHERE template = ?',
    identity.template,
  );
  const now = store.now();
  const made = {
    ...identity,
    identity_id,
    tier: granted?.tier ?? 0,
    suspended: 0,
    since: now,
    created_at: now,
  };
  run(
    store.sql,
    `INSERT INTO identities (identity_id, template, version, role, model, prompt_sha256, tools_sha256, model_sha256, tier, suspended, since, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
    identity_id,
    identity.template,
    identity.version,
    identity.role,
    identity.model,
    identity.prompt_sha256,
    identity.tools_sha256,
    identity.model_sha256,
    made.tier,
    now,
    now,
  );
  recordChange(store, 'system:promotion', 'agent_identity_registered', {
    ...identity,
    identity_id,
    start_tier: made.tier,
  });
  return made;
}

/** PROM-3: the least of the identities that take part; one that was never seen starts where its template may. */
export function standing(store: ControlStore, identities: readonly AgentIdentity[]): JointStanding {
  const found = identities.map((identity) => register(store, identity));
  return {
    tier: found.reduce<Tier>((least, { tier }) => leastTier(least, tier), 2),
    identities: Object.fromEntries(found.map(({ role, identity_id }) => [role, identity_id])),
    suspended: found
      .filter(({ suspended }) => suspended === 1)
      .map(({ identity_id, role }) => ({ identity_id, role })),
  };
}

interface Change {
  rule: string;
  to: Tier;
  suspended: boolean;
  reason: string;
  runs: string[];
}

/** PROM-2: the tier and the record of why change together. */
function change(store: ControlStore, actor: string, before: IdentityRow, a: Change): void {
  run(
    store.sql,
    'UPDATE identities SET tier = ?, suspended = ?, since = ? WHERE identity_id = ?',
    a.to,
    a.suspended ? 1 : 0,
    store.now(),
    before.identity_id,
  );
  recordChange(store, actor, 'agent_tier_changed', {
    identity_id: before.identity_id,
    role: before.role,
    from_tier: before.tier,
    to_tier: a.to,
    suspended: a.suspended,
    rule: a.rule,
    reason: a.reason,
    runs: a.runs,
  });
}

/** A run has ended; told again it changes nothing. */
export function runEnded(
  store: ControlStore,
  reports: readonly ({ identity_id: string } & IdentityRun)[],
): void {
  for (const { identity_id, ...one } of reports) {
    const known = find(store, identity_id);
    const { rowsWritten } = store.sql.exec(
      `INSERT INTO identity_runs (identity_id, pipeline_id, plan_sha256, ended_at, real_model, admitted_actions, violations, high_violations, worst)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      identity_id,
      one.pipeline_id,
      one.plan_sha256,
      one.ended_at,
      one.real_model ? 1 : 0,
      one.admitted_actions,
      one.violations,
      one.high_violations,
      one.worst,
    );
    if (!known || rowsWritten === 0) continue;
    const due = tierChange(standingOf(known), runsOf(store, identity_id), store.now());
    if (due) change(store, 'system:promotion', known, due);
  }
}

function recordOf(
  store: ControlStore,
  found: IdentityRow,
  runs = runsOf(store, found.identity_id),
): IdentityRecord {
  const { tier, suspended, since, created_at, ...identity } = found;
  return {
    ...identity,
    tier,
    suspended: suspended === 1,
    since: iso(since),
    created_at: iso(created_at),
    progress: progressOf(standingOf(found), runs, store.now()),
  };
}

export const listIdentities = (store: ControlStore): IdentityRecord[] =>
  rows<IdentityRow>(store.sql, 'SELECT * FROM identities ORDER BY created_at, identity_id LIMIT 1000').map(
    (found) => recordOf(store, found),
  );

const missing = (id: string): Result<never, ControlError> => err({ code: 'not_found', what: `agent ${id}` });

export function readIdentity(store: ControlStore, id: string): Result<IdentityStory, ControlError> {
  const found = find(store, id);
  if (!found) return missing(id);
  const runs = runsOf(store, id);
  const changes = rows<{ seq: number; at: number; actor: string; type: string; body: string }>(
    store.sql,
    `SELECT seq, at, actor, type, body FROM changes
     WHERE type IN ('agent_identity_registered', 'agent_tier_changed') AND body ->> '$.identity_id' = ? ORDER BY seq`,
    id,
  );
  return ok({
    ...recordOf(store, found, runs),
    runs: runs.map(({ ended_at, ...one }) => ({ ...one, ended_at: iso(ended_at) })),
    changes: changes.map(({ at, body, ...one }) => ({
      ...one,
      at: iso(at),
      body: JSON.parse(body) as unknown,
    })),
  });
}

/** PROM-1, by hand: the next tier, for who has earned it. T2 always takes this. */
export function promote(
  store: ControlStore,
  actor: string,
  id: string,
  reason: string,
): Result<IdentityRecord, ControlError> {
  const found = find(store, id);
  if (!found) return missing(id);
  const progress = progressOf(standingOf(found), runsOf(store, id), store.now());
  if (!progress.met || progress.to === null)
    return err({ code: 'not_earned', detail: shortfall(found, progress) });
  change(store, actor, found, {
    rule: 'by_hand',
    to: progress.to,
    suspended: false,
    reason,
    runs: progress.runs,
  });
  return ok(recordOf(store, find(store, id) ?? found));
}

function shortfall({ suspended, tier }: IdentityRow, p: Progress): string {
  if (suspended === 1) return 'The agent is suspended.';
  if (p.to === null) return `Tier ${tier} is the highest.`;
  const days =
    p.clean_days === null ? '' : `, ${p.clean_days} of ${p.clean_days_needed} days without a violation`;
  return `For tier ${p.to} it has ${p.compliant} of ${p.compliant_needed} compliant runs, ${p.in_a_row} of ${p.in_a_row_needed} in a row${days}.`;
}

/** PROM-2, by hand: a lower tier, or suspended. */
export function demote(
  store: ControlStore,
  actor: string,
  id: string,
  a: { tier: Tier; suspend: boolean; reason: string },
): Result<IdentityRecord, ControlError> {
  const found = find(store, id);
  if (!found) return missing(id);
  if (a.tier > found.tier || (a.tier === found.tier && !a.suspend))
    return err({
      code: 'not_earned',
      detail: `It has tier ${found.tier}; a demotion leads below it, or suspends.`,
    });
  change(store, actor, found, {
    rule: 'by_hand',
    to: a.tier,
    suspended: a.suspend,
    reason: a.reason,
    runs: [],
  });
  return ok(recordOf(store, find(store, id) ?? found));
}

/** PROM-1: an admin grants a start tier; what the agent earns from there on counts anew. Lifts a suspension. */
export function grant(
  store: ControlStore,
  actor: string,
  id: string,
  a: { tier: Tier; reason: string },
): Result<IdentityRecord, ControlError> {
  const found = find(store, id);
  if (!found) return missing(id);
  change(store, actor, found, { rule: 'granted', to: a.tier, suspended: false, reason: a.reason, runs: [] });
  return ok(recordOf(store, find(store, id) ?? found));
}
