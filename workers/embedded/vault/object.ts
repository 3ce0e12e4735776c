import { DurableObject } from 'cloudflare:workers';
import { applyFault, type Fault, NO_FAULT } from '../controls.ts';
import type { EmbeddedEnv } from '../env.ts';
import { DEFAULT_POLICY } from './policies.ts';
import { SCHEMA } from './schema.ts';
import { handle } from './server.ts';
import { hashSecret, issueToken, type VaultStore } from './tokens.ts';
import { respondFault, VaultFault } from './wire.ts';

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** The embedded Vault: one SQLite-backed object that answers Vault's HTTP API under `/v1/`. */
export class VaultObject extends DurableObject<EmbeddedEnv> {
  readonly #store: VaultStore;
  #offset: number;
  #fault: Fault = NO_FAULT;

  constructor(ctx: DurableObjectState, env: EmbeddedEnv) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec(SCHEMA);
    this.#offset = Number(this.#meta('clock_offset') ?? 0);
    this.#store = { sql, now: () => Date.now() + this.#offset };
    sql.exec('INSERT OR IGNORE INTO policies VALUES (?, ?)', 'default', DEFAULT_POLICY);
    if (!this.#meta('cluster_id')) this.#setMeta('cluster_id', crypto.randomUUID());
    this.#adoptRootToken(env.EMBEDDED_VAULT_ROOT_TOKEN);
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = decoded(url.pathname);
    if (path === null) return respondFault(new VaultFault(400, 'invalid URL escape'));
    const faulty = await applyFault(this.#fault, path, () =>
      respondFault(new VaultFault(429, 'request path "*": rate limit quota exceeded')),
    );
    if (faulty) return faulty;
    if (!path.startsWith('/v1/')) return respondFault(new VaultFault(404));
    const bearer = request.headers.get('authorization')?.match(/^Bearer (.+)$/i)?.[1];
    const vaultRequest = {
      method: request.method,
      path: path.slice('/v1/'.length),
      query: url.searchParams,
      token: request.headers.get('x-vault-token') ?? bearer ?? '',
      body: await request.text(),
    };
    const options = {
      rootToken: this.env.EMBEDDED_VAULT_ROOT_TOKEN,
      clusterId: this.#meta('cluster_id') ?? '',
      standby: this.#fault.mode === 'standby',
    };
    return this.ctx.storage.transactionSync(() => handle(this.#store, vaultRequest, options));
  }

  /** Moves this Vault's clock ahead of the machine's; kept over restarts, as the leases it aged are. */
  advanceClock(ms: number): void {
    this.#offset += ms;
    this.#setMeta('clock_offset', String(this.#offset));
  }

  setFault(fault: Fault): void {
    this.#fault = fault;
  }

  /** The configured root token is the valid one: another one from an earlier start loses its power. */
  #adoptRootToken(rootToken: string): void {
    if (!rootToken) throw new Error('EMBEDDED_VAULT_ROOT_TOKEN is not set');
    const hash = hashSecret(rootToken);
    const before = this.#meta('root_hash');
    if (before === hash) return;
    const { sql } = this.ctx.storage;
    if (before) {
      sql.exec('UPDATE tokens SET parent = NULL WHERE parent = ?', before);
      sql.exec('DELETE FROM tokens WHERE hash = ?', before);
    }
    issueToken(this.#store, {
      id: rootToken,
      parent: null,
      policies: ['root'],
      metadata: null,
      display_name: 'root',
      path: 'auth/token/root',
      role: null,
      ttl: 0,
      max_ttl: 0,
      explicit_max_ttl: 0,
      period: 0,
      num_uses: 0,
      renewable: false,
    });
    this.#setMeta('root_hash', hash);
  }

  #meta(key: string): string | undefined {
    return this.ctx.storage.sql
      .exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)
      .toArray()[0]?.value;
  }

  #setMeta(key: string, value: string): void {
    this.ctx.storage.sql.exec(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      key,
      value,
    );
  }
}
