/** Tables of the embedded Vault. Tokens and SecretIDs are kept as SHA-256, never as they are. Times are Unix milliseconds. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS auth_mounts (path TEXT PRIMARY KEY, type TEXT NOT NULL, accessor TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS policies (name TEXT PRIMARY KEY, hcl TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
  hash TEXT PRIMARY KEY, accessor TEXT NOT NULL UNIQUE, parent TEXT,
  policies TEXT NOT NULL, metadata TEXT, display_name TEXT NOT NULL, path TEXT NOT NULL, role TEXT,
  issued_at INTEGER NOT NULL, creation_ttl INTEGER NOT NULL, expires_at INTEGER,
  ttl INTEGER NOT NULL, max_ttl INTEGER NOT NULL, explicit_max_ttl INTEGER NOT NULL, period INTEGER NOT NULL,
  num_uses INTEGER NOT NULL, renewable INTEGER NOT NULL, last_renewal INTEGER
);
CREATE INDEX IF NOT EXISTS tokens_parent ON tokens (parent);
CREATE INDEX IF NOT EXISTS tokens_expiry ON tokens (expires_at);
CREATE TABLE IF NOT EXISTS token_roles (name TEXT PRIMARY KEY, config TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS approles (name TEXT PRIMARY KEY, role_id TEXT NOT NULL UNIQUE, config TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS secret_ids (
  hash TEXT PRIMARY KEY, role TEXT NOT NULL, accessor TEXT NOT NULL UNIQUE, metadata TEXT NOT NULL,
  created_at INTEGER NOT NULL, ttl INTEGER NOT NULL, expires_at INTEGER, num_uses INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS kv (path TEXT PRIMARY KEY, current INTEGER NOT NULL, oldest INTEGER NOT NULL, max_versions INTEGER NOT NULL,
  cas_required INTEGER NOT NULL, custom TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS kv_versions (path TEXT NOT NULL, version INTEGER NOT NULL, data TEXT, created_at INTEGER NOT NULL,
  deleted_at INTEGER, destroyed INTEGER NOT NULL, PRIMARY KEY (path, version));
`;
