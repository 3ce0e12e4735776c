import { DurableObject } from 'cloudflare:workers';
import type { Kill } from '#domain/governance/permit.ts';
import { migrate } from '../shared/schema.ts';
import { rows, run } from '../shared/sql.ts';
import { standing } from './kills.ts';
import type { DirectoryRpc } from './rpc.ts';
import { iso } from './store.ts';
import { DIRECTORY_MIGRATIONS } from './tables.ts';

/** Which tenants this deployment has. */
export class TenantDirectory extends DurableObject implements DirectoryRpc {
  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env as Cloudflare.Env);
    migrate(ctx.storage, DIRECTORY_MIGRATIONS);
  }

  /** False when it is there already. */
  async add(tenant: string, name: string): Promise<boolean> {
    return (
      run(
        this.ctx.storage.sql,
        'INSERT INTO tenants (tenant, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        tenant,
        name,
        Date.now(),
      ) > 0
    );
  }

  async systemSwitch(): Promise<{ killed: Kill | null }> {
    return { killed: standing(this.ctx.storage.sql, 'system', 'system') };
  }

  async list() {
    return rows<{ tenant: string; name: string; created_at: number }>(
      this.ctx.storage.sql,
      'SELECT tenant, name, created_at FROM tenants ORDER BY tenant',
    ).map((t) => ({ ...t, created_at: iso(t.created_at) }));
  }
}
