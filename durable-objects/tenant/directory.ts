import { DurableObject } from 'cloudflare:workers';
import type { Kill } from '#domain/governance/permit.ts';
import { ok } from '#domain/result.ts';
import { migrate } from '../shared/schema.ts';
import { rows, run } from '../shared/sql.ts';
import { controlStub, type ObjectNamespace } from '../shared/stubs.ts';
import * as breakers from './breakers.ts';
import { liftSwitch, listSystemSwitches, standing, throwSwitch } from './kills.ts';
import * as platform from './platform-sessions.ts';
import { push } from './push.ts';
import type { DirectoryRpc } from './rpc.ts';
import { iso } from './store.ts';
import { DIRECTORY_MIGRATIONS } from './tables.ts';

/** The answer to a switch for the whole deployment waits for its tenants this long (ms). */
const WITHIN_MS = 4_000;
const SYSTEM = { scope: 'system', id: 'system' } as const;

/** Which tenants this deployment has, and the switch above them all. */
export class TenantDirectory
  extends DurableObject<{ CONTROL: DurableObjectNamespace }>
  implements DirectoryRpc
{
  constructor(ctx: DurableObjectState, env: { CONTROL: DurableObjectNamespace }) {
    super(ctx, env);
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

  async list() {
    return rows<{ tenant: string; name: string; created_at: number }>(
      this.ctx.storage.sql,
      'SELECT tenant, name, created_at FROM tenants ORDER BY tenant',
    ).map((t) => ({ ...t, created_at: iso(t.created_at) }));
  }

  async openPlatformSession(hash: string, expires_at: number): Promise<void> {
    this.ctx.storage.transactionSync(() => platform.openSession(this.#store, hash, expires_at));
  }
  async platformSession(hash: string): Promise<number | null> {
    return platform.sessionEnd(this.#store, hash);
  }
  async closePlatformSession(hash: string): Promise<void> {
    platform.closeSession(this.#store, hash);
  }

  async systemSwitch(): Promise<{ killed: Kill | null; troubled: string[] }> {
    return {
      killed: standing(this.ctx.storage.sql, SYSTEM.scope, SYSTEM.id),
      troubled: breakers.troubled(this.#store),
    };
  }

  async observeShared(seen: breakers.Observation[]) {
    return this.ctx.storage.transactionSync(() => breakers.observe(this.#store, seen));
  }
  async tryShared(name: string, by: string) {
    return this.ctx.storage.transactionSync(() => breakers.tryBreaker(this.#store, name, by));
  }
  async releaseShared(names: string[], by: string) {
    this.ctx.storage.transactionSync(() => breakers.release(this.#store, names, by));
  }
  async sharedBreakers() {
    return breakers.listBreakers(this.#store);
  }

  async throwSystemSwitch(actor: string, reason: string) {
    const { kill } = throwSwitch(this.#store, actor, { ...SYSTEM, reason });
    return push(kill, await this.#tenants(kill), WITHIN_MS);
  }

  async liftSystemSwitch(actor: string, kill_id: string, reason: string) {
    const lifted = liftSwitch(this.#store, actor, kill_id, reason);
    if (!lifted.ok) return lifted;
    // Those that are not told now learn of it when their lease ends.
    await push(lifted.value.record, await this.#tenants(null), WITHIN_MS);
    return ok(lifted.value.record);
  }

  async systemSwitches() {
    return listSystemSwitches(this.ctx.storage.sql);
  }

  get #store() {
    return { sql: this.ctx.storage.sql, now: Date.now };
  }

  async #tenants(killed: Kill | null) {
    return (await this.list()).map(({ tenant }) => ({
      name: `t/${tenant}`,
      stop: () => controlStub(this.env.CONTROL as unknown as ObjectNamespace, tenant).systemSwitched(killed),
    }));
  }
}
