import * as z from 'zod';
import { ok, type Result } from '#domain/result.ts';
import type { Credentials, CredentialsConfig, CredentialsDeps, IssuedToken, Outcome } from './contract.ts';
import { createControlPlane } from './control.ts';
import { type CredentialError, type CredentialErrorKind, failure } from './errors.ts';
import {
  agentPolicy,
  agentRole,
  agentTokenKey,
  isName,
  isSecretPath,
  pipelinePolicies,
  pipelineRole,
  pipelineTokenKey,
  secretPath,
} from './names.ts';
import { RecentlySealed } from './recent.ts';
import { createSealing, type SealContext } from './sealing.ts';
import { createStore } from './store.ts';
import { authSchema, createVault, emptySchema, type VaultState } from './vault.ts';
import { watched } from './watched.ts';

/** A single-use SecretID is used in the next breath; a minute covers a slow Vault. */
const SECRET_ID_TTL_S = 60;
/** As long as the longest life of a token (`token_max_ttl` in deploy/vault/roles): renewals leave the sealed value as it is. */
const SEALED_TTL_S = 86_400;

const roleIdSchema = z.object({ data: z.object({ role_id: z.string().min(1) }) });
const secretIdSchema = z.object({ data: z.object({ secret_id: z.string().min(1) }) });
const lookupSchema = z.object({
  data: z.object({ ttl: z.int().min(0), policies: z.array(z.string()).nullable() }),
});
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const secretSchema = z.object({ data: z.object({ data: z.record(z.string(), scalar) }) });

/** The accessor goes in with the token: it tells which login's token lies in the store. */
const sealedSchema = z.object({ accessor: z.string(), token: z.string() });
type Sealed = z.infer<typeof sealedSchema>;
type Auth = z.infer<typeof authSchema>['auth'];

/** CRED-6: each way of not answering is a state of its own. */
const STATE_BY_ERROR: Partial<Record<CredentialErrorKind, VaultState>> = {
  unavailable: 'unreachable',
  slow: 'slow',
  sealed: 'sealed',
  standby: 'standby',
  throttled: 'throttled',
  denied: 'denying',
  token_dead: 'denying',
};

const badName = () =>
  failure('denied', 'the tenant, pipeline or agent has a name that no Vault path may hold');

/** One per isolate: it keeps the control plane's session. @throws Error when a sealing key is malformed. */
export function createCredentials(config: CredentialsConfig, deps: CredentialsDeps = {}): Credentials {
  const now = deps.now ?? Date.now;
  const { onAnswer = () => {} } = deps;
  const vault = createVault(config.vault, deps.fetch, onAnswer);
  const control = createControlPlane(vault, config.vault, now);
  const sealing = createSealing(config.sealing);
  const store = watched(deps.store ?? createStore(config.store), onAnswer);
  const recent = new RecentlySealed();
  const roleIds = new Map<string, string>();

  async function roleIdOf(tenant: string): Outcome<string> {
    const known = roleIds.get(tenant);
    if (known) return ok(known);
    const answer = await control.call({
      method: 'GET',
      path: `auth/approle/role/${pipelineRole(tenant)}/role-id`,
      what: "read the role id of the tenant's AppRole",
      schema: roleIdSchema,
    });
    if (!answer.ok) return answer;
    roleIds.set(tenant, answer.value.data.role_id);
    return ok(answer.value.data.role_id);
  }

  /**
   * Seals a new token and keeps it. One with other policies than were asked for, or without an end, is not used whoever gave it; like one that
   * cannot be kept it is revoked at once.
   */
  async function keepSealed(
    auth: Auth,
    wanted: readonly string[],
    context: SealContext,
  ): Outcome<IssuedToken> {
    const wrong = wrongGrant(auth, wanted);
    if (wrong !== null) {
      await revoke(auth.accessor);
      return failure('wrong_grant', `${wrong}; it was revoked and not used`);
    }
    const payload: Sealed = { accessor: auth.accessor, token: auth.client_token };
    const sealed = await sealing.seal(JSON.stringify(payload), context);
    const kept = await store.put(context.key, sealed, SEALED_TTL_S);
    if (!kept.ok) {
      await revoke(auth.accessor);
      return kept;
    }
    recent.keep(context.key, sealed);
    return ok({ accessor: auth.accessor, policies: auth.policies, lease_s: auth.lease_duration });
  }

  async function open(value: string, context: SealContext): Outcome<Sealed> {
    const opened = await sealing.open(value, context);
    return opened.ok ? ok(sealedSchema.parse(JSON.parse(opened.value))) : opened;
  }

  /** From the store. With `strict` the token with this accessor, the one on record, is the only one that will do. */
  async function unsealed(context: SealContext, accessor?: string, strict = false): Outcome<Sealed> {
    const found = await store.get(context.key);
    if (!found.ok) return found;
    if (found.value === null) return failure('store_lost', 'the store no longer has the sealed token');
    const sealed = await open(found.value, context);
    if (!sealed.ok) return sealed;
    const onRecord = sealed.value.accessor === accessor;
    if (strict && !onRecord) {
      return failure('store_lost', 'the store has the token of another login than the one on record');
    }
    const value =
      onRecord && !sealing.isCurrent(found.value)
        ? await sealAnew(sealed.value, found.value, context)
        : found.value;
    recent.keep(context.key, value);
    return ok(sealed.value);
  }

  /**
   * CRED-5: rotation by use. What an older key sealed is sealed by the current one when it is read, if it is still the token on record;
   * should that fail, the older key opens it the next time.
   */
  async function sealAnew(sealed: Sealed, before: string, context: SealContext): Promise<string> {
    const value = await sealing.seal(JSON.stringify(sealed), context);
    const kept = await store.put(context.key, value, SEALED_TTL_S);
    return kept.ok ? value : before;
  }

  /** The token on record, if this isolate has it: a token never changes, so with the right accessor it is the right one. */
  async function atHand(context: SealContext, accessor: string | undefined): Promise<Sealed | null> {
    const value = accessor === undefined ? null : recent.find(context.key);
    const sealed = value === null ? null : await open(value, context);
    return sealed?.ok && sealed.value.accessor === accessor ? sealed.value : null;
  }

  const login: Credentials['login'] = async ({ tenant, pipeline, generation }) => {
    if (![tenant, pipeline].every(isName)) return badName();
    const roleId = await roleIdOf(tenant);
    if (!roleId.ok) return roleId;
    const secretId = await control.call({
      method: 'POST',
      path: `auth/approle/role/${pipelineRole(tenant)}/secret-id`,
      body: {
        // Vault wants the metadata as JSON in a string.
        metadata: JSON.stringify({ tenant, pipeline, generation: String(generation) }),
        ttl: `${SECRET_ID_TTL_S}s`,
        num_uses: 1,
      },
      what: 'get a single-use SecretID for the pipeline',
      schema: secretIdSchema,
    });
    if (!secretId.ok) return secretId;
    const answer = await vault.call({
      method: 'POST',
      path: 'auth/approle/login',
      body: { role_id: roleId.value, secret_id: secretId.value.data.secret_id },
      what: 'log the pipeline in',
      schema: authSchema,
    });
    if (!answer.ok) {
      // The role may have been recreated with another id.
      if (answer.error.kind === 'denied') roleIds.delete(tenant);
      return answer;
    }
    const key = pipelineTokenKey(pipeline);
    return keepSealed(answer.value.auth, pipelinePolicies(tenant), { tenant, key, agent: null, generation });
  };

  const extend: Credentials['extend'] = async ({ accessor, increment_s }) => {
    const answer = await control.call({
      method: 'POST',
      path: 'auth/token/renew-accessor',
      body: { accessor, increment: `${increment_s}s` },
      what: 'renew a token',
      schema: authSchema,
    });
    return answer.ok ? ok({ lease_s: answer.value.auth.lease_duration }) : answer;
  };

  const issueAgent: Credentials['issueAgent'] = async (a) => {
    const { tenant, pipeline, generation, agent, tier } = a;
    if (![tenant, pipeline, agent].every(isName)) return badName();
    const context = { tenant, key: pipelineTokenKey(pipeline), agent: null, generation };
    const known = await atHand(context, a.parent);
    const strict = a.parent !== undefined;
    const parent = known === null ? await unsealed(context, a.parent, strict) : ok(known);
    if (!parent.ok) return parent;
    const answer = await vault.callAs({
      method: 'POST',
      path: `auth/token/create/${agentRole(tenant)}`,
      token: parent.value.token,
      body: {
        policies: [agentPolicy(tenant, tier)],
        ttl: `${a.ttl_s}s`,
        renewable: true,
        display_name: agent,
        meta: { tenant, pipeline, agent, generation: String(generation), tier: String(tier) },
      },
      what: "issue the agent's token",
      schema: authSchema,
    });
    if (!answer.ok) return answer;
    const key = agentTokenKey(pipeline, agent);
    return keepSealed(answer.value.auth, [agentPolicy(tenant, tier)], { tenant, key, agent, generation });
  };

  const readSecret: Credentials['readSecret'] = async (a) => {
    const { tenant, pipeline, generation, agent, path } = a;
    if (![tenant, pipeline, agent].every(isName)) return badName();
    if (!isSecretPath(path)) return failure('not_found', 'this is not the path of a secret');
    const context = { tenant, key: agentTokenKey(pipeline, agent), agent, generation };
    const known = await atHand(context, a.accessor);
    const held = known === null ? await unsealed(context, a.accessor) : ok(known);
    if (!held.ok) return held;
    const answer = await vault.callAs({
      method: 'GET',
      path: secretPath(tenant, path),
      token: held.value.token,
      what: `read the secret ${path}`,
      schema: secretSchema,
    });
    if (answer.ok) return ok(answer.value.data.data);
    const dead = answer.error.kind === 'token_dead';
    return dead && a.accessor !== undefined && held.value.accessor !== a.accessor
      ? olderIsDead(a.accessor, context, answer)
      : answer;
  };

  /**
   * The store gave another token than the one on record, and that is dead. Whether the one on record is too, only Vault knows: if it lives, the
   * store has lost it, and nobody was revoked.
   */
  async function olderIsDead(
    accessor: string,
    { key }: SealContext,
    dead: Result<never, CredentialError>,
  ): Outcome<never> {
    recent.drop(key);
    const onRecord = await lookup(accessor);
    if (!onRecord.ok) return onRecord;
    return onRecord.value.alive
      ? failure('store_lost', 'the store has another token than the one on record, and that is gone')
      : dead;
  }

  async function revoke(accessor: string): Outcome<void> {
    const answer = await control.call({
      method: 'POST',
      path: 'auth/token/revoke-accessor',
      body: { accessor },
      what: 'revoke a token',
      schema: emptySchema,
    });
    return answer.ok || answer.error.kind === 'token_dead' ? ok(undefined) : answer;
  }

  const lookup: Credentials['lookup'] = async (accessor) => {
    const answer = await control.call({
      method: 'POST',
      path: 'auth/token/lookup-accessor',
      body: { accessor },
      what: 'look a token up',
      schema: lookupSchema,
    });
    if (answer.ok) {
      const { ttl, policies } = answer.value.data;
      return ok({ alive: true, ttl_s: ttl, policies: policies ?? [] });
    }
    return answer.error.kind === 'token_dead' ? ok({ alive: false }) : answer;
  };

  const forget: Credentials['forget'] = ({ pipeline, agents }) => {
    const keys = [pipelineTokenKey(pipeline), ...agents.map((agent) => agentTokenKey(pipeline, agent))];
    for (const key of keys) recent.drop(key);
    return store.delete(keys);
  };

  /** That a node is up does not say that it answers us: the control plane's own session does. */
  async function reachableVault(): ReturnType<typeof vault.health> {
    const node = await vault.health();
    if (!node.ok) return node;
    const self = await control.call({
      method: 'GET',
      path: 'auth/token/lookup-self',
      what: "look up the control plane's own token",
      schema: emptySchema,
    });
    if (self.ok) return node;
    return {
      ...node,
      ok: false,
      state: STATE_BY_ERROR[self.error.kind] ?? 'unknown',
      error: self.error.message,
    };
  }

  const health: Credentials['health'] = async () => {
    const [vaultHealth, storeHealth] = await Promise.all([
      timed(now, reachableVault),
      timed(now, async () => {
        const answer = await store.get('ags:health');
        return answer.ok
          ? { ok: true, state: 'up' as const }
          : { ok: false, state: 'down' as const, error: answer.error.message };
      }),
    ]);
    return { vault: vaultHealth, store: storeHealth };
  };

  return { login, extend, issueAgent, readSecret, revoke, lookup, forget, health };
}

/** What is wrong with a token as Vault gave it; null: nothing. `default` may stand on any token, and allows looking at itself. */
function wrongGrant({ policies, lease_duration }: Auth, wanted: readonly string[]): string | null {
  const given = policies.filter((name) => name !== 'default').sort();
  if (given.join() !== [...wanted].sort().join())
    return `Vault gave a token with the policies ${given.join(', ')} where ${wanted.join(', ')} were asked for`;
  return lease_duration > 0 ? null : 'Vault gave a token that never expires';
}

async function timed<T>(now: () => number, probe: () => Promise<T>): Promise<T & { latency_ms: number }> {
  const began = now();
  const found = await probe();
  return { ...found, latency_ms: now() - began };
}
