import { DurableObject } from 'cloudflare:workers';
import type { AccessRole, Caller } from '#contract/access.ts';
import type {
  AddMcpServerRequest,
  ObservedTool,
  PinMcpToolRequest,
  RefuseMcpToolRequest,
} from '#contract/mcp-servers.ts';
import type { SetQuotasRequest } from '#contract/quotas.ts';
import type { StepTally } from '#domain/governance/error-budget.ts';
import type { GateMode, Kill } from '#domain/governance/permit.ts';
import type { AgentIdentity, IdentityRun } from '#domain/governance/promotion.ts';
import type { Tier } from '#domain/governance/tier.ts';

import { isShared } from '#domain/pipeline/dependencies.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import { err, ok, type Result } from '#domain/result.ts';
import type { PipelineRpc } from '../pipeline/rpc.ts';
import { hasSchema, migrate } from '../shared/schema.ts';
import { row, run } from '../shared/sql.ts';
import * as admission from './admission.ts';
import * as archives from './archives.ts';
import * as breakers from './breakers.ts';
import type { Slice } from './budget.ts';
import { listChanges } from './changes.ts';
import * as erasures from './erasures.ts';
import * as errorBudget from './error-budget.ts';
import * as identities from './identities.ts';
import * as keys from './keys.ts';
import * as kills from './kills.ts';
import * as mcpServers from './mcp-servers.ts';
import * as people from './people.ts';
import { grant, NO_GRANT } from './permit.ts';
import * as plans from './plans.ts';
import * as policies from './policies.ts';
import { push } from './push.ts';
import { type QuotaLayer, quotaLayers, setQuotas } from './quotas.ts';
import { type Once, once, type Repeat } from './repeats.ts';
import type { ControlError, ControlRpc, DirectoryRpc } from './rpc.ts';
import * as sessions from './sessions.ts';
import { keepsBytes, storedBytes } from './storage.ts';
import { type ControlStore, recordChange } from './store.ts';
import { SystemLease } from './system-lease.ts';
import { CONTROL_MIGRATIONS } from './tables.ts';

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

/** The answer to a switch waits for its pipelines this long (ms). */
const PUSH_WITHIN_MS = 3_000;
const NO_TENANT: ControlError = { code: 'not_found', what: 'tenant' };
const UNKNOWN: ControlError = { code: 'unauthenticated', detail: 'The key is unknown, expired or revoked.' };

/** One tenant's truth about people, keys, plans and admission. A thin shell: each concern is a file of functions over the store. */
export class TenantControl extends DurableObject implements ControlRpc {
  readonly #storage: DurableObjectStorage;
  readonly #ports: ControlPorts;
  readonly #system: SystemLease;
  /** null until the tenant exists: an object reached by a guessed name keeps no storage. */
  #store: ControlStore | null = null;

  constructor(ctx: DurableObjectState, env: object, ports: ControlPorts) {
    super(ctx, env as Cloudflare.Env);
    this.#storage = ctx.storage;
    this.#ports = ports;
    this.#system = new SystemLease(() => ports.directory().systemSwitch(), ports.now ?? Date.now);
    if (hasSchema(ctx.storage)) this.#open();
  }

  #open(): void {
    migrate(this.#storage, CONTROL_MIGRATIONS);
    const found = row<{ tenant: string }>(this.#storage.sql, 'SELECT tenant FROM tenant');
    if (found) this.#store = this.#storeOf(found.tenant);
  }

  #storeOf(tenant: string): ControlStore {
    return {
      sql: this.#storage.sql,
      tenant,
      pepper: this.#ports.pepper,
      now: this.#ports.now ?? Date.now,
      changed: (seq) => this.ctx.waitUntil(Promise.resolve(this.#ports.hint?.(tenant, seq)).catch(() => {})),
    };
  }

  /** Every write happens inside one transaction, without an await between reading and committing. */
  #inStore<T>(act: (store: ControlStore) => T, none: () => T): T {
    const store = this.#store;
    return store ? this.#storage.transactionSync(() => act(store)) : none();
  }
  #result<T>(act: (store: ControlStore) => Result<T, ControlError>): Result<T, ControlError> {
    return this.#inStore(act, () => err(NO_TENANT));
  }
  #caller<T>(act: (store: ControlStore) => Result<T, ControlError>): Result<T, ControlError> {
    return this.#inStore(act, () => err(UNKNOWN));
  }
  #once<T>(repeat: Repeat | null, act: (store: ControlStore) => Result<T, ControlError>) {
    return this.#result((store) => once(store, repeat, () => act(store)));
  }
  #require<T>(act: (store: ControlStore) => T): T {
    return this.#inStore(act, () => {
      throw new Error('the tenant does not exist');
    });
  }

  async claim(repeat: Repeat) {
    return this.#once(repeat, () => ok(null));
  }

  async createTenant(
    a: { tenant: string; name: string },
    repeat: Repeat | null = null,
  ): Promise<Result<Once<{ tenant: string; default_project_id: string }>, ControlError>> {
    if (this.#store)
      return this.#once(repeat, () =>
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
    if (made.ok) this.#store = this.#storeOf(a.tenant);
    return made;
  }

  async createSubject(
    actor: string,
    a: { name: string; kind: 'person' | 'service'; email?: string },
    repeat: Repeat | null = null,
  ) {
    return this.#once(repeat, (s) => ok(people.createSubject(s, actor, a)));
  }
  async listSubjects() {
    return this.#inStore(people.listSubjects, () => []);
  }
  async createProject(actor: string, name: string, repeat: Repeat | null = null) {
    return this.#once(repeat, (s) => people.createProject(s, actor, name));
  }
  async listProjects() {
    return this.#inStore(people.listProjects, () => []);
  }

  async standing(agents: AgentIdentity[]) {
    return this.#require((s) => identities.standing(s, agents));
  }
  async runEnded(runs: ({ identity_id: string } & IdentityRun)[]) {
    this.#inStore(
      (s) => identities.runEnded(s, runs),
      () => undefined,
    );
  }
  async listIdentities() {
    return this.#inStore(identities.listIdentities, () => []);
  }
  async readIdentity(identity_id: string) {
    return this.#result((s) => identities.readIdentity(s, identity_id));
  }
  async promoteAgent(actor: string, identity_id: string, reason: string) {
    return this.#result((s) => identities.promote(s, actor, identity_id, reason));
  }
  async demoteAgent(actor: string, identity_id: string, a: { tier: Tier; suspend: boolean; reason: string }) {
    return this.#result((s) => identities.demote(s, actor, identity_id, a));
  }
  async grantTier(actor: string, identity_id: string, a: { tier: Tier; reason: string }) {
    return this.#result((s) => identities.grant(s, actor, identity_id, a));
  }

  async createKey(
    actor: string,
    a: { name: string; owner: string; role: AccessRole; project_ids?: string[]; expires_at?: string },
    repeat: Repeat | null = null,
  ) {
    return this.#result((s) => keys.keyOnce(s, repeat, (key) => keys.createKey(s, actor, a, key)));
  }
  async listKeys() {
    return this.#inStore(keys.listKeys, () => []);
  }
  async rotateKey(actor: string, key_id: string, overlap_s: number, repeat: Repeat | null = null) {
    return this.#result((s) =>
      keys.keyOnce(s, repeat, (key) => keys.rotateKey(s, actor, key_id, overlap_s, key)),
    );
  }
  async revokeKey(actor: string, key_id: string) {
    return this.#result((s) => keys.revokeKey(s, actor, key_id));
  }

  async authenticateKey(secret: string) {
    return this.#caller((s) => keys.authenticateKey(s, secret));
  }
  async createSignInLink(caller: Caller, ttl_s: number) {
    return this.#require((s) => sessions.createFor(s, 'lnk', caller, ttl_s));
  }
  async openSession(a: { key: string } | { link_token: string } | { email: string }) {
    return this.#caller((s) => sessions.openSession(s, a));
  }
  async authenticateSession(cookie: string) {
    return this.#caller((s) => sessions.authenticateSession(s, cookie));
  }
  async closeSession(cookie: string) {
    this.#inStore(
      (s) => sessions.closeSession(s, cookie),
      () => undefined,
    );
  }
  async createTicket(caller: Caller) {
    const { token, expires_at } = this.#require((s) =>
      sessions.createFor(s, 'tkt', caller, sessions.TICKET_TTL_S),
    );
    return { ticket: token, expires_at };
  }
  async redeemTicket(ticket: string) {
    return this.#caller((s) => sessions.redeemTicket(s, ticket));
  }

  async savePlan(
    actor: string,
    plan: { resolved: ResolvedPlan; source: string; files: Record<string, string> },
  ) {
    return this.#result((s) => plans.savePlan(s, actor, plan));
  }
  async readPlan(plan_id: string) {
    return this.#result((s) => plans.readPlan(s, plan_id));
  }
  async listPlans() {
    return this.#inStore(plans.listPlans, () => []);
  }

  async noteWitness(actor: string, witness: { name: string; key: string }) {
    this.#require((s) => recordChange(s, actor, 'witness_added', witness));
  }
  async publishPolicies(
    actor: string,
    a: { source: string; note: string; policies: number; expected_version: number | null },
    repeat: Repeat | null = null,
  ) {
    return this.#once(repeat, (s) => policies.publishPolicies(s, actor, a));
  }
  async listPolicies() {
    return this.#inStore(policies.listPolicies, () => []);
  }
  async readPolicies(version: number | null) {
    return this.#result((s) => policies.readPolicies(s, version));
  }
  async setProjectMode(actor: string, a: { project_id: string; mode: GateMode; reason: string }) {
    return this.#result((s) => policies.setProjectMode(s, actor, a));
  }
  async projectModes() {
    return this.#inStore(
      (s) =>
        people.listProjects(s).map(({ project_id }) => ({
          project_id,
          mode: policies.projectMode(s, project_id),
        })),
      () => [],
    );
  }

  async permit(project_id: string, tally?: StepTally & { pipeline_id: string }) {
    const system = await this.#system.current();
    return this.#inStore(
      (s) => {
        if (tally) errorBudget.tellSteps(s, tally.pipeline_id, tally);
        return grant(s, project_id, system);
      },
      () => NO_GRANT,
    );
  }
  async errorBudget() {
    return this.#result((s) => ok(errorBudget.errorBudget(s)));
  }
  async liftErrorBudget(actor: string, reason: string) {
    return this.#result((s) => ok(errorBudget.liftErrorBudget(s, actor, reason)));
  }
  async observeDependencies(seen: breakers.Observation[]) {
    const shared = seen.filter(({ name }) => isShared(name));
    const own = this.#inStore(
      (s) =>
        breakers.observe(
          s,
          seen.filter(({ name }) => !isShared(name)),
        ),
      () => [],
    );
    if (shared.length === 0) return own;
    const above = await this.#ports.directory().observeShared(shared);
    this.#system.learned(
      shared.map(({ name }) => name),
      above,
    );
    return [...own, ...above];
  }
  async tryDependency(name: string, by: string) {
    if (isShared(name)) return this.#ports.directory().tryShared(name, by);
    return this.#require((s) => breakers.tryBreaker(s, name, by));
  }
  async releaseDependencies(names: string[], by: string) {
    this.#inStore(
      (s) => breakers.release(s, names, by),
      () => undefined,
    );
    const shared = names.filter(isShared);
    if (shared.length > 0) await this.#ports.directory().releaseShared(shared, by);
  }
  async breakers() {
    const shared = await this.#ports.directory().sharedBreakers();
    return [...shared, ...this.#inStore(breakers.listBreakers, () => [])];
  }
  async throwSwitch(actor: string, a: { scope: 'project' | 'tenant'; id: string; reason: string }) {
    const thrown = this.#result((s) => {
      const known = a.scope === 'tenant' ? a.id === s.tenant : people.hasProject(s, a.id);
      if (!known) return err({ code: 'not_found', what: `${a.scope} ${a.id}` });
      const done = kills.throwSwitch(s, actor, a);
      if (done.thrown) recordChange(s, actor, 'kill_switch_thrown', done.kill);
      return ok(done.kill);
    });
    return thrown.ok ? ok(await this.#push(thrown.value)) : thrown;
  }
  async noteSwitch(kill: Kill, project_id: string) {
    this.#require((s) => {
      if (kills.noteSwitch(s, kill, project_id)) recordChange(s, kill.by, 'kill_switch_thrown', kill);
    });
  }
  async liftSwitch(actor: string, kill_id: string, reason: string) {
    return this.#result((s) => {
      const done = kills.liftSwitch(s, actor, kill_id, reason);
      if (!done.ok) return done;
      if (done.value.lifted) recordChange(s, actor, 'kill_switch_lifted', { kill_id, reason });
      return ok(done.value.record);
    });
  }
  async listSwitches() {
    return this.#inStore(kills.listSwitches, () => []);
  }
  async systemSwitched(killed: Kill | null) {
    this.#system.pushed(killed);
    return killed ? this.#push(killed) : { in_flight: [], unacknowledged: [] };
  }
  async #push(kill: Kill) {
    const tenant = this.#store?.tenant ?? '';
    const targets = this.#inStore(
      (s) => kills.reach(s, kill),
      () => [],
    ).map((name) => ({
      name,
      stop: async () => ({
        ...(await this.#ports.pipeline(tenant, name).kill(tenant, kill)),
        unacknowledged: [],
      }),
    }));
    return push(kill, targets, PUSH_WITHIN_MS);
  }

  async admit(a: {
    pipeline_id: string;
    project_id: string | null;
    request_sha256: string;
    slice: Slice;
    diagnostic?: boolean;
  }) {
    const { killed } = await this.#system.current();
    return this.#result((s) => admission.admit(s, a, killed));
  }
  async authorityOf(actor: string) {
    return this.#inStore(
      (s) => keys.authorityOf(s, actor),
      () => null,
    );
  }
  async release(pipeline_id: string, used: Slice, tally?: StepTally, bytes?: number) {
    this.#inStore(
      (s) => {
        if (tally) errorBudget.tellSteps(s, pipeline_id, tally);
        if (bytes !== undefined) keepsBytes(s, pipeline_id, bytes);
        admission.release(s, pipeline_id, used);
      },
      () => undefined,
    );
  }
  async abandon(pipeline_id: string, older_than_s: number) {
    this.#inStore(
      (s) => admission.abandon(s, pipeline_id, older_than_s),
      () => undefined,
    );
  }
  async occupy(pipeline_id: string) {
    this.#inStore(
      (s) => admission.occupy(s, pipeline_id),
      () => undefined,
    );
  }
  async draw(pipeline_id: string, need: Slice) {
    return this.#inStore(
      (s) => admission.draw(s, pipeline_id, need),
      () => ({ ...need, used_up: false }),
    );
  }
  async quotas() {
    return this.#result((s) =>
      ok({
        ...quotaLayers(s),
        usage: {
          ...admission.usageOf(s),
          ...storedBytes(s),
          error_budget: errorBudget.errorBudget(s),
        },
      }),
    );
  }
  async setQuotas(actor: string, layer: QuotaLayer, change: SetQuotasRequest) {
    return this.#result((s) => ok(setQuotas(s, actor, layer, change)));
  }
  async changes(since: number, limit: number) {
    return this.#inStore(
      (s) => listChanges(s, since, limit),
      () => [],
    );
  }
  async pipelinesAfter(number: number, limit: number) {
    return this.#inStore(
      (s) => admission.pipelinesAfter(s, number, limit),
      () => [],
    );
  }
  async addMcpServer(actor: string, a: AddMcpServerRequest, repeat: Repeat | null = null) {
    return this.#once(repeat, (s) => mcpServers.addMcpServer(s, actor, a));
  }
  async listMcpServers() {
    return this.#inStore(mcpServers.listMcpServers, () => []);
  }
  async readMcpServer(name: string) {
    return this.#result((s) => mcpServers.readMcpServer(s, name));
  }
  async removeMcpServer(actor: string, name: string) {
    return this.#result((s) => mcpServers.removeMcpServer(s, actor, name));
  }
  async observeMcpTools(name: string, tools: ObservedTool[]) {
    this.#inStore(
      (s) => mcpServers.observeMcpTools(s, name, tools),
      () => undefined,
    );
  }
  async noteMcpLook(name: string, error: string) {
    this.#inStore(
      (s) => mcpServers.noteMcpLook(s, name, error),
      () => undefined,
    );
  }
  async refuseMcpTool(actor: string, name: string, a: RefuseMcpToolRequest) {
    return this.#result((s) => mcpServers.refuseMcpTool(s, actor, name, a));
  }
  async pinMcpTool(actor: string, name: string, a: PinMcpToolRequest) {
    return this.#result((s) => mcpServers.pinMcpTool(s, actor, name, a));
  }
  async dueForArchive(limit: number) {
    return this.#require((s) => archives.dueForArchive(s, limit));
  }
  async recordArchive(archive: archives.NewArchive) {
    return this.#require((s) => archives.recordArchive(s, archive));
  }
  async archiveRemoved(pipeline_id: string) {
    this.#require((s) => archives.archiveRemoved(s, pipeline_id));
  }
  async archiveOf(pipeline_id: string) {
    return this.#inStore(
      (s) => archives.archiveOf(s, pipeline_id),
      () => null,
    );
  }
  async listArchives(a: { before: number | null; limit: number; project_ids: readonly string[] | null }) {
    return this.#inStore(
      (s) => archives.listArchives(s, a),
      () => [],
    );
  }
  async archiveRewritten(pipeline_id: string, file: Parameters<typeof archives.archiveRewritten>[2]) {
    return this.#require((s) => archives.archiveRewritten(s, pipeline_id, file));
  }
  async recordErasure(actor: string, erasure: erasures.NewErasure) {
    return this.#require((s) => erasures.recordErasure(s, actor, erasure));
  }
  async pendingErasures(limit: number) {
    return this.#inStore(
      (s) => erasures.pendingErasures(s, limit),
      () => [],
    );
  }
  async erasureDone(erasure_id: string) {
    return this.#inStore(
      (s) => erasures.erasureDone(s, erasure_id),
      () => null,
    );
  }
  async listErasures(a: { before: number | null; limit: number }) {
    return this.#inStore(
      (s) => erasures.listErasures(s, a),
      () => [],
    );
  }
  async livePipelines() {
    return this.#inStore(admission.livePipelines, () => []);
  }
  async pipelinesToPoke() {
    return this.#inStore(admission.pipelinesToPoke, () => []);
  }
}
