import { BREAKERS_TABLE } from './breakers.ts';
import { ERROR_BUDGET_TABLES } from './error-budget.ts';
import { REPEATS_TABLE } from './repeats.ts';

/** ENF-6: switches, those that stand first of all; the same in a tenant's control object and in the directory. */
const KILLS = `
  CREATE TABLE kills (
    kill_id TEXT PRIMARY KEY, scope TEXT NOT NULL, id TEXT NOT NULL, reason TEXT NOT NULL, thrown_by TEXT NOT NULL,
    thrown_at INTEGER NOT NULL, lifted_at INTEGER, lifted_by TEXT, lift_reason TEXT
  ) WITHOUT ROWID;
  CREATE INDEX kills_standing ON kills (scope, id) WHERE lifted_at IS NULL;
`;

/** The control object's schema. Times are milliseconds since 1970; lists are JSON. */
export const CONTROL_MIGRATIONS = [
  `
  CREATE TABLE tenant (one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL);
  CREATE TABLE subjects (subject_id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, email TEXT, created_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE projects (project_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL);
  CREATE TABLE keys (
    key_id TEXT PRIMARY KEY, prefix TEXT NOT NULL, hash TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL REFERENCES subjects,
    role TEXT NOT NULL, project_ids TEXT, created_at INTEGER NOT NULL, expires_at INTEGER, last_used_at INTEGER, revoked_at INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE tokens (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, token_id TEXT NOT NULL, key_id TEXT NOT NULL REFERENCES keys, expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE plans (
    plan_id TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, source_sha256 TEXT NOT NULL,
    objective TEXT NOT NULL, tier INTEGER NOT NULL, source TEXT NOT NULL, created_at INTEGER NOT NULL, UNIQUE (name, version)
  );
  CREATE TABLE plan_files (
    plan_id TEXT NOT NULL REFERENCES plans, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (plan_id, name)
  ) WITHOUT ROWID;
  CREATE TABLE admissions (
    number INTEGER PRIMARY KEY, pipeline_id TEXT NOT NULL UNIQUE, project_id TEXT NOT NULL, request_sha256 TEXT NOT NULL,
    admitted_at INTEGER NOT NULL, released_at INTEGER, abandoned INTEGER NOT NULL DEFAULT 0,
    month TEXT NOT NULL, charged_tokens INTEGER NOT NULL, charged_microusd INTEGER NOT NULL,
    slice_tokens INTEGER NOT NULL, slice_microusd INTEGER NOT NULL
  );
  CREATE TABLE budgets (month TEXT PRIMARY KEY, tokens INTEGER NOT NULL, microusd INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX admissions_live ON admissions (released_at) WHERE released_at IS NULL;
  CREATE TABLE changes (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL
  );
  `,
  KILLS,
  `
  ALTER TABLE changes ADD COLUMN v INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE changes ADD COLUMN salt TEXT NOT NULL DEFAULT '';
  ALTER TABLE changes ADD COLUMN prev_hash TEXT NOT NULL DEFAULT '';
  ALTER TABLE changes ADD COLUMN hash TEXT NOT NULL DEFAULT '';
  `,
  'ALTER TABLE kills ADD COLUMN project_id TEXT',
  `
  CREATE TABLE policies (
    version INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, note TEXT NOT NULL, policies INTEGER NOT NULL,
    published_by TEXT NOT NULL, published_at INTEGER NOT NULL, source TEXT NOT NULL
  );
  CREATE TABLE project_modes (project_id TEXT PRIMARY KEY, mode TEXT NOT NULL) WITHOUT ROWID;
  `,
  'ALTER TABLE admissions ADD COLUMN diagnostic INTEGER NOT NULL DEFAULT 0',
  'CREATE TABLE quotas (layer TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (layer, name)) WITHOUT ROWID',
  // PROM-1. A tenant from before has run its built-in agents all along, and goes on to.
  `
  CREATE TABLE identities (
    identity_id TEXT PRIMARY KEY, template TEXT NOT NULL, version TEXT NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL,
    prompt_sha256 TEXT NOT NULL, tools_sha256 TEXT NOT NULL, model_sha256 TEXT NOT NULL,
    tier INTEGER NOT NULL, suspended INTEGER NOT NULL, since INTEGER NOT NULL, created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE identity_runs (
    identity_id TEXT NOT NULL, pipeline_id TEXT NOT NULL, plan_sha256 TEXT NOT NULL, ended_at INTEGER NOT NULL, real_model INTEGER NOT NULL,
    admitted_actions INTEGER NOT NULL, violations INTEGER NOT NULL, high_violations INTEGER NOT NULL, worst TEXT,
    PRIMARY KEY (identity_id, pipeline_id)
  ) WITHOUT ROWID;
  CREATE TABLE start_tiers (
    template TEXT PRIMARY KEY, tier INTEGER NOT NULL, reason TEXT NOT NULL, granted_by TEXT NOT NULL, granted_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  INSERT INTO start_tiers SELECT 'builtin', 1, 'as before agents had tiers of their own', 'platform', created_at FROM tenant;
  `,
  `
  CREATE TABLE mcp_servers (
    name TEXT PRIMARY KEY, url TEXT NOT NULL, secret_path TEXT, created_by TEXT NOT NULL, created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE mcp_tools (
    server TEXT NOT NULL REFERENCES mcp_servers, tool TEXT NOT NULL, description TEXT NOT NULL, input_schema TEXT NOT NULL,
    sha256 TEXT NOT NULL, observed_at INTEGER NOT NULL, pin TEXT, PRIMARY KEY (server, tool)
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE mcp_servers ADD COLUMN looked_at INTEGER;
  ALTER TABLE mcp_servers ADD COLUMN asked_at INTEGER;
  ALTER TABLE mcp_servers ADD COLUMN look_error TEXT;
  ALTER TABLE mcp_tools ADD COLUMN gone_at INTEGER;
  ALTER TABLE mcp_tools ADD COLUMN refusal TEXT;
  `,
  BREAKERS_TABLE,
  ERROR_BUDGET_TABLES,
  // PIPE-11: what was drawn of earlier months, for a run that goes on in a new one.
  `
  ALTER TABLE admissions ADD COLUMN before_tokens INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE admissions ADD COLUMN before_microusd INTEGER NOT NULL DEFAULT 0;
  `,
  // LEDG-5. The index holds what may become due, so that looking costs what is found.
  `
  ALTER TABLE admissions ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX admissions_kept ON admissions (released_at, number) WHERE removed = 0 AND abandoned = 0 AND released_at IS NOT NULL;
  CREATE TABLE archives (
    number INTEGER PRIMARY KEY, pipeline_id TEXT NOT NULL UNIQUE, project_id TEXT NOT NULL, object_key TEXT NOT NULL, sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL, documents_key TEXT, documents_sha256 TEXT, events INTEGER NOT NULL, head_hash TEXT NOT NULL,
    archived_at INTEGER NOT NULL, removed_at INTEGER, revision INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE retention_cursor (one INTEGER PRIMARY KEY CHECK (one = 1), released_at INTEGER NOT NULL, number INTEGER NOT NULL);
  `,
  // LEDG-2. Documents' hashes are here only until they are gone: without salt they would let a guess be confirmed.
  `
  CREATE TABLE erasures (
    log_seq INTEGER PRIMARY KEY, pipeline_id TEXT NOT NULL, seqs TEXT NOT NULL, documents TEXT NOT NULL, document_hashes TEXT NOT NULL,
    reason TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at INTEGER NOT NULL, done_at INTEGER
  );
  CREATE INDEX erasures_pending ON erasures (log_seq) WHERE done_at IS NULL;
  `,
  // TEN-1: rolled up, so that what is stored is asked of one row.
  `
  ALTER TABLE admissions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE storage (one INTEGER PRIMARY KEY CHECK (one = 1), pipeline_bytes INTEGER NOT NULL, archived_bytes INTEGER NOT NULL);
  `,
  REPEATS_TABLE,
  // GOV-9: what a server says its tools do.
  'ALTER TABLE mcp_tools ADD COLUMN hints TEXT',
] as const;

/** The feed: one row a pipeline, by its number, so that an update writes one billed row. */
export const FEED_MIGRATIONS = [
  'CREATE TABLE pipelines (number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, ended INTEGER NOT NULL, pipeline TEXT NOT NULL)',
] as const;

export const DIRECTORY_MIGRATIONS = [
  'CREATE TABLE tenants (tenant TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID',
  KILLS,
  'ALTER TABLE kills ADD COLUMN project_id TEXT',
  BREAKERS_TABLE,
  // TEN-3. The platform admin's.
  'CREATE TABLE platform_sessions (hash TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID',
] as const;
