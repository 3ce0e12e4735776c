import type { PolicyVersion, PolicyVersionText, ProjectMode } from '#contract/policies.ts';
import { BUILTIN_ONLY, type GateMode } from '#domain/governance/permit.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import { hasProject } from './people.ts';
import type { ControlError } from './rpc.ts';
import { type ControlStore, iso, recordChange } from './store.ts';

type PolicyRow = {
  version: number;
  sha256: string;
  note: string;
  policies: number;
  published_by: string;
  published_at: number;
};
const COLUMNS = 'version, sha256, note, policies, published_by, published_at';

const newest = (store: ControlStore): PolicyRow | undefined =>
  row<PolicyRow>(store.sql, `SELECT ${COLUMNS} FROM policies ORDER BY version DESC LIMIT 1`);

const shown = (found: PolicyRow, current: number): PolicyVersion => ({
  ...found,
  published_at: iso(found.published_at),
  current: found.version === current,
});

/** GOV-4: as permits and decisions name it: version and content. A version without policies is the built-in set alone. */
export function policyVersion(store: ControlStore): string {
  const found = newest(store);
  return found && found.policies > 0 ? `${found.version}:${found.sha256}` : BUILTIN_ONLY;
}

/** GOV-4: the next version; the text was validated by who asks. The same text as the one in force is no new version. */
export function publishPolicies(
  store: ControlStore,
  actor: string,
  a: { source: string; note: string; policies: number; expected_version: number | null },
): Result<PolicyVersion, ControlError> {
  const before = newest(store);
  const current = before?.version ?? 0;
  const sha256 = sha256Hex(a.source);
  if (before?.sha256 === sha256) return ok(shown(before, current));
  if (a.expected_version !== null && a.expected_version !== current)
    return err({
      code: 'policy_changed',
      detail: `Version ${current} is in force, not ${a.expected_version}: somebody published meanwhile.`,
    });
  const next: PolicyRow = {
    version: current + 1,
    sha256,
    note: a.note,
    policies: a.policies,
    published_by: actor,
    published_at: store.now(),
  };
  run(
    store.sql,
    `INSERT INTO policies (${COLUMNS}, source) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    next.version,
    next.sha256,
    next.note,
    next.policies,
    next.published_by,
    next.published_at,
    a.source,
  );
  recordChange(store, actor, 'policies_published', { version: next.version, sha256, note: a.note });
  return ok(shown(next, next.version));
}

export function listPolicies(store: ControlStore): PolicyVersion[] {
  const found = rows<PolicyRow>(
    store.sql,
    `SELECT ${COLUMNS} FROM policies ORDER BY version DESC LIMIT 1000`,
  );
  return found.map((one) => shown(one, found[0]?.version ?? 0));
}

/** null: the newest. */
export function readPolicies(
  store: ControlStore,
  version: number | null,
): Result<PolicyVersionText, ControlError> {
  const current = newest(store)?.version ?? 0;
  const found = row<PolicyRow & { source: string }>(
    store.sql,
    `SELECT ${COLUMNS}, source FROM policies WHERE version = ?`,
    version ?? current,
  );
  if (!found) return err({ code: 'not_found', what: `version ${version ?? current} of the policies` });
  const { source, ...rest } = found;
  return ok({ ...shown(rest, current), cedar: source });
}

/** GOV-10: `enforce` unless somebody said otherwise. */
export const projectMode = (store: ControlStore, project_id: string): GateMode =>
  row<{ mode: GateMode }>(store.sql, 'SELECT mode FROM project_modes WHERE project_id = ?', project_id)
    ?.mode ?? 'enforce';

export function setProjectMode(
  store: ControlStore,
  actor: string,
  a: { project_id: string; mode: GateMode; reason: string },
): Result<ProjectMode, ControlError> {
  if (!hasProject(store, a.project_id)) return err({ code: 'not_found', what: `project ${a.project_id}` });
  if (projectMode(store, a.project_id) !== a.mode) {
    run(
      store.sql,
      'INSERT INTO project_modes (project_id, mode) VALUES (?, ?) ON CONFLICT (project_id) DO UPDATE SET mode = excluded.mode',
      a.project_id,
      a.mode,
    );
    recordChange(store, actor, 'project_mode_set', a);
  }
  return ok({ project_id: a.project_id, mode: a.mode });
}
