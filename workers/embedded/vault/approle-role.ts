import type { Call } from './routes.ts';

export interface AppRole {
  bind_secret_id: boolean;
  secret_id_num_uses: number;
  secret_id_ttl: number;
  token_policies: string[];
  token_ttl: number;
  token_max_ttl: number;
  token_explicit_max_ttl: number;
  token_period: number;
  token_num_uses: number;
  token_type: string;
  token_no_default_policy: boolean;
}
export type AppRoleRow = { name: string; role_id: string; config: string };

/** AppRole names are lower-cased by Vault. */
export const nameOf = (call: Pick<Call, 'params'>) => (call.params.role ?? '').toLowerCase();

export function appRole(call: Pick<Call, 'sql'>, name: string): { role_id: string; role: AppRole } | null {
  const row = call.sql.exec<AppRoleRow>('SELECT * FROM approles WHERE name = ?', name).toArray()[0];
  return row ? { role_id: row.role_id, role: JSON.parse(row.config) as AppRole } : null;
}
