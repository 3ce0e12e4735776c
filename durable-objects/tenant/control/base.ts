import { DurableObject } from 'cloudflare:workers';
import { err, ok, type Result } from '#domain/result.ts';
import type { PipelineRpc } from '../../pipeline/rpc.ts';
import { hasSchema, migrate } from '../../shared/schema.ts';
import { row, run } from '../../shared/sql.ts';
import * as identities from '../identities.ts';
import * as people from '../people.ts';
import { type Once, once, type Repeat } from '../repeats.ts';
import type { ControlError, DirectoryRpc } from '../rpc.ts';
import { type ControlStore, recordChange } from '../store.ts';
import { SystemLease } from '../system-lease.ts';
import { CONTROL_MIGRATIONS } from '../tables.ts';
import { Transactions } from './transactions.ts';

export interface ControlPorts {
  pepper: string;
  /** The deployment's directory: it holds the switch above all tenants (ENF-6). */
  directory: () => Pick<
    DirectoryRpc,
    'systemSwitch' | 'observeShared' | 'tryShared' | 'releaseShared' | 'sharedBreakers'
  >;
  /** Tells the ledger that the tenant's own log has grown; what is lost, the reconciler finds (LEDG-1). */
  hint?: (tenant: string, seq: number) => Promise<unknown>;
  /** Where a kill switch is pushed to. */
  pipeline: (tenant: string, pipeline_id: string) => Pick<PipelineRpc, 'kill'>;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** What the concerns of a control object stand on: its storage, opened, and what it reaches. */
export class ControlBase extends DurableObject {
  protected readonly ports: ControlPorts;
  protected readonly system: SystemLease;
  protected readonly within: Transactions;
  readonly #storage: DurableObjectStorage;

  constructor(ctx: DurableObjectState, env: object, ports: ControlPorts) {
    super(ctx, env as Cloudflare.Env);
    this.#storage = ctx.storage;
    this.ports = ports;
    this.within = new Transactions(ctx.storage);
    this.system = new SystemLease(() => ports.directory().systemSwitch(), ports.now ?? Date.now);
    if (hasSchema(ctx.storage)) this.#open();
  }

  #open(): void {
    migrate(this.#storage, CONTROL_MIGRATIONS);
    const found = row<{ tenant: string }>(this.#storage.sql, 'SELECT tenant FROM tenant');
    if (found) this.within.begin(this.#storeOf(found.tenant));
  }

  #storeOf(tenant: string): ControlStore {
    return {
      sql: this.#storage.sql,
      tenant,
      pepper: this.ports.pepper,
      now: this.ports.now ?? Date.now,
      changed: (seq) => this.ctx.waitUntil(Promise.resolve(this.ports.hint?.(tenant, seq)).catch(() => {})),
    };
  }

  async createTenant(
    a: { tenant: string; name: string },
    repeat: Repeat | null = null,
  ): Promise<Result<Once<{ tenant: string; default_project_id: string }>, ControlError>> {
    if (this.within.tenant !== null)
      return this.within.once(repeat, () =>
        err({ code: 'already_exists', detail: `The tenant ${a.tenant} exists already.` }),
      );
    const made = this.#storage.transactionSync(() => {
      migrate(this.#storage, CONTROL_MIGRATIONS);
      const store = this.#storeOf(a.tenant);
      run(
        store.sql,
        'INSERT INTO tenant (one, tenant, name, created_at) VALUES (1, ?, ?, ?)',
        a.tenant,
        a.name,
        store.now(),
      );
      recordChange(store, 'platform', 'tenant_created', a);
      identities.grantBuiltinStart(store);
      return once(store, repeat, () => {
        const project = people.createProject(store, 'platform', 'default');
        return project.ok ? ok({ tenant: a.tenant, default_project_id: project.value.project_id }) : project;
      });
    });
    if (made.ok) this.within.begin(this.#storeOf(a.tenant));
    return made;
  }
}

/** Each concern is a mixin over the base. Its methods are the object's RPC; what is no method (`within`, `ports`) cannot be called from outside. */
// biome-ignore lint/suspicious/noExplicitAny: TypeScript wants a mixin's constructor written so (TS2545).
export type ControlClass = new (...args: any[]) => ControlBase;
