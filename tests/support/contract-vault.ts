import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

export interface VaultTarget {
  /** Address without `/v1`. */
  addr: string;
  /** May write policies, roles and secrets. */
  token: string;
  namespace?: string;
  /** Where time can be moved; without it the tests of expiry are skipped and say so. */
  advanceClock?: (ms: number) => Promise<void>;
}

export interface VaultAnswer {
  status: number;
  body: {
    data?: Record<string, unknown> | null;
    auth?: {
      client_token: string;
      accessor: string;
      policies: string[];
      lease_duration: number;
      renewable: boolean;
      metadata: Record<string, string> | null;
      token_type: string;
      orphan: boolean;
    } | null;
    warnings?: string[] | null;
    errors?: string[];
    [key: string]: unknown;
  };
}
export type VaultCaller = (
  method: string,
  path: string,
  body?: unknown,
  token?: string,
) => Promise<VaultAnswer>;

export function vaultCaller(target: () => VaultTarget): VaultCaller {
  return async (method, path, body, token = target().token) => {
    const headers: Record<string, string> = { 'x-vault-request': 'true' };
    if (token) headers['x-vault-token'] = token;
    const { namespace } = target();
    if (namespace) headers['x-vault-namespace'] = namespace;
    const payload = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const response = await fetch(`${target().addr}/v1/${path}`, { method, headers, body: payload });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  };
}

/** What the product relies on in Vault's API: run alike against the embedded Vault and a real one. */
export function vaultContract(name: string, target: () => VaultTarget, expiry: boolean): void {
  const vault = vaultCaller(target);
  const mark = `contract-${randomUUID().slice(0, 8)}`;
  const policy = (suffix: string) => `${mark}-${suffix}`;
  const secret = (path: string) => `secret/data/${mark}/${path}`;
  const role = `${mark}-role`;

  const writePolicy = (suffix: string, hcl: string) =>
    vault('POST', `sys/policies/acl/${policy(suffix)}`, { policy: hcl });
  async function tokenWith(policies: string[], more: Record<string, unknown> = {}): Promise<string> {
    const made = await vault('POST', 'auth/token/create', { policies, ...more });
    expect(made.status).toBe(200);
    return made.body.auth?.client_token ?? '';
  }
  async function secretId(body: Record<string, unknown> = {}): Promise<string> {
    const made = await vault('POST', `auth/approle/role/${role}/secret-id`, body);
    expect(made.status).toBe(200);
    return String(made.body.data?.secret_id);
  }
  async function login(body: Record<string, unknown> = {}) {
    const roleId = (await vault('GET', `auth/approle/role/${role}/role-id`)).body.data?.role_id;
    const secret_id = await secretId(body);
    const answer = await vault('POST', 'auth/approle/login', { role_id: roleId, secret_id }, '');
    return { ...answer, role_id: roleId, secret_id };
  }
  const alive = async (token: string) =>
    (await vault('GET', 'auth/token/lookup-self', undefined, token)).status === 200;

  describe(`Vault contract: ${name}`, () => {
    beforeAll(async () => {
      const auth = await vault('GET', 'sys/auth');
      if (!auth.body.data || !('approle/' in auth.body.data)) {
        await vault('POST', 'sys/auth/approle', { type: 'approle' });
      }
      await writePolicy('child', `path "secret/data/${mark}/child/*" { capabilities = ["read"] }`);
      await writePolicy('parent', `path "auth/token/create/${mark}-agent" { capabilities = ["update"] }`);
      await vault('POST', `auth/token/roles/${mark}-agent`, {
        allowed_policies: [policy('child')],
        token_type: 'service',
        token_explicit_max_ttl: '24h',
      });
      await vault('POST', `auth/approle/role/${role}`, {
        token_policies: [policy('parent')],
        token_ttl: '5m',
        token_max_ttl: '24h',
        token_type: 'service',
        secret_id_num_uses: 1,
        secret_id_ttl: '60s',
      });
    });

    afterAll(async () => {
      await vault('DELETE', `auth/approle/role/${role}`);
      await vault('DELETE', `auth/token/roles/${mark}-agent`);
      for (const suffix of ['child', 'parent', 'acl', 'scratch']) {
        await vault('DELETE', `sys/policies/acl/${policy(suffix)}`);
      }
      for (const path of [
        'plain',
        'versions',
        'child/one',
        'child/denied',
        'open/a',
        'list/a',
        'list/deep/b',
      ]) {
        await vault('DELETE', `secret/metadata/${mark}/${path}`);
      }
    });

    it('CRED-6: health needs no token and tells initialised, unsealed and standby', async () => {
      const health = await vault('GET', 'sys/health?standbyok=true', undefined, '');
      expect(health.status).toBe(200);
      expect(health.body).toMatchObject({ initialized: true, sealed: false });
      expect(health.body).toHaveProperty('standby');
    });

    it('CRED-6: a missing token and a dead one are both 403, and lookup-self refuses the dead one', async () => {
      const none = await vault('GET', secret('plain'), undefined, '');
      expect(none.status).toBe(403);
      expect(none.body.errors?.join()).toContain('permission denied');
      const dead = await vault('GET', secret('plain'), undefined, 'hvs.notAToken');
      expect(dead.status).toBe(403);
      expect(dead.body.errors?.join()).toContain('permission denied');
      expect(await alive('hvs.notAToken')).toBe(false);
    });

    it('RUN-4: unknown routes, absent things and malformed JSON have their own answers', async () => {
      const route = await vault('GET', `${mark}/nothing`);
      expect(route.status).toBe(404);
      expect(route.body.errors?.[0]).toContain('no handler for route');
      const absent = await vault('GET', `sys/policies/acl/${policy('absent')}`);
      expect([absent.status, absent.body.errors]).toEqual([404, []]);
      const broken = await vault('POST', secret('plain'), '{"data":');
      expect(broken.status).toBe(400);
      expect(broken.body.errors?.length).toBe(1);
    });

    it('GOV-2: policies are written, read, listed and deleted; one that does not parse is refused', async () => {
      expect((await writePolicy('scratch', 'path "x" { capabilities = ["read"] }')).status).toBe(204);
      const read = await vault('GET', `sys/policies/acl/${policy('scratch')}`);
      expect(read.body.data).toMatchObject({ name: policy('scratch') });
      const listed = await vault('GET', 'sys/policies/acl?list=true');
      expect(listed.body.data?.keys).toEqual(expect.arrayContaining([policy('scratch'), 'default', 'root']));
      expect((await vault('DELETE', `sys/policies/acl/${policy('scratch')}`)).status).toBe(204);
      expect((await vault('GET', `sys/policies/acl/${policy('scratch')}`)).status).toBe(404);
      const broken = await writePolicy('scratch', 'path "x" { capabilities = ["fly"] }');
      expect(broken.status).toBe(400);
      expect(broken.body.errors?.[0]).toContain('failed to parse policy');
    });

    it('GOV-2: the most specific path decides, deny wins, and + is one segment', async () => {
      await writePolicy(
        'acl',
        `path "secret/data/${mark}/*" { capabilities = ["read"] }
         path "secret/data/${mark}/child/denied" { capabilities = ["deny"] }
         path "secret/data/+/open/a" { capabilities = ["read", "create", "update"] }`,
      );
      for (const path of ['plain', 'child/denied', 'open/a']) {
        expect((await vault('POST', secret(path), { data: { v: '1' } })).status).toBe(200);
      }
      const token = await tokenWith([policy('acl')]);
      const status = async (method: string, path: string, body?: unknown) =>
        (await vault(method, path, body, token)).status;
      expect(await status('GET', secret('plain'))).toBe(200);
      expect(await status('POST', secret('plain'), { data: { v: '2' } })).toBe(403);
      expect(await status('GET', secret('child/denied'))).toBe(403);
      // Longest match: the first wildcard of `secret/data/MARK/*` comes later than that of `secret/data/+/open/a`.
      expect(await status('POST', secret('open/a'), { data: { v: '2' } })).toBe(403);
      expect(await status('GET', 'sys/policies/acl/default')).toBe(403);
      expect(await status('GET', 'auth/token/lookup-self')).toBe(200);
    });

    it('CRED-1: an AppRole login gives a renewable service token with role, metadata and first lease', async () => {
      const answer = await login({ metadata: JSON.stringify({ pipeline: 'pl_1' }) });
      expect(answer.status).toBe(200);
      expect(answer.body.auth).toMatchObject({
        lease_duration: 300,
        renewable: true,
        token_type: 'service',
        orphan: true,
        metadata: { pipeline: 'pl_1', role_name: role },
      });
      expect(answer.body.auth?.policies).toContain(policy('parent'));
      expect(answer.body.auth?.accessor).not.toBe('');
    });

    it('CRED-1: a SecretID works once, and only for its role; the refusal is a 400', async () => {
      const first = await login();
      expect(first.status).toBe(200);
      const credentials = { role_id: first.role_id, secret_id: first.secret_id };
      const again = await vault('POST', 'auth/approle/login', credentials, '');
      expect(again.status).toBe(400);
      expect(again.body.errors?.[0]).toMatch(/invalid (role or )?secret id/i);
      const stranger = await vault(
        'POST',
        'auth/approle/login',
        { role_id: randomUUID(), secret_id: await secretId() },
        '',
      );
      expect(stranger.status).toBe(400);
      expect((await vault('POST', 'auth/approle/login', { secret_id: 'x' }, '')).status).toBe(400);
    });

    it("CRED-1: a SecretID cannot be asked beyond the role's uses and lifetime", async () => {
      expect((await vault('POST', `auth/approle/role/${role}/secret-id`, { num_uses: 5 })).status).toBe(400);
      expect((await vault('POST', `auth/approle/role/${role}/secret-id`, { ttl: '1h' })).status).toBe(400);
    });

    it("CRED-1: a child token is issued with the pipeline's token within the role's policies", async () => {
      const parent = (await login()).body.auth?.client_token ?? '';
      const child = await vault(
        'POST',
        `auth/token/create/${mark}-agent`,
        { policies: [policy('child')] },
        parent,
      );
      expect(child.status).toBe(200);
      expect(child.body.auth).toMatchObject({ orphan: false, renewable: true, token_type: 'service' });
      expect(child.body.auth?.policies).toContain(policy('child'));
      await vault('POST', secret('child/one'), { data: { api_key: 'k' } });
      const token = child.body.auth?.client_token ?? '';
      const read = await vault('GET', secret('child/one'), undefined, token);
      expect(read.body.data?.data).toEqual({ api_key: 'k' });
      expect((await vault('GET', secret('child/one'), undefined, parent)).status).toBe(403);
      expect((await vault('POST', `auth/token/create/${mark}-agent`, {}, token)).status).toBe(403);
    });

    it("CRED-1: policies outside the role's list, or beyond the parent's, are refused with 400", async () => {
      const parent = (await login()).body.auth?.client_token ?? '';
      const role400 = await vault('POST', `auth/token/create/${mark}-agent`, { policies: ['root'] }, parent);
      expect(role400.status).toBe(400);
      expect(role400.body.errors?.[0]).toContain("must be subset of the role's allowed policies");
      await writePolicy('scratch', 'path "auth/token/create" { capabilities = ["update"] }');
      const plain = await tokenWith([policy('scratch')]);
      const beyond = await vault('POST', 'auth/token/create', { policies: [policy('child')] }, plain);
      expect([beyond.status, beyond.body.errors?.[0]]).toEqual([
        400,
        'child policies must be subset of parent',
      ]);
      const orphan = await vault('POST', 'auth/token/create', { no_parent: true }, plain);
      expect(orphan.status).toBe(400);
    });

    it('CRED-4: revoking a parent revokes its children; revoking a child leaves the parent', async () => {
      const parent = (await login()).body.auth;
      const issue = async () =>
        (await vault('POST', `auth/token/create/${mark}-agent`, {}, parent?.client_token)).body.auth;
      const [first, second] = [await issue(), await issue()];
      const gone = await vault('POST', 'auth/token/revoke-accessor', { accessor: first?.accessor });
      expect([200, 204]).toContain(gone.status);
      expect(await alive(first?.client_token ?? '')).toBe(false);
      expect(await alive(second?.client_token ?? '')).toBe(true);
      expect(await alive(parent?.client_token ?? '')).toBe(true);
      await vault('POST', 'auth/token/revoke-accessor', { accessor: parent?.accessor });
      expect(await alive(parent?.client_token ?? '')).toBe(false);
      expect(await alive(second?.client_token ?? '')).toBe(false);
    });

    it('CRED-4: an accessor that is gone cannot be looked up, and revoking it again does no harm', async () => {
      const token = (await login()).body.auth;
      const before = await vault('POST', 'auth/token/lookup-accessor', { accessor: token?.accessor });
      expect(before.body.data).toMatchObject({ id: '', accessor: token?.accessor, type: 'service' });
      await vault('POST', 'auth/token/revoke-accessor', { accessor: token?.accessor });
      const after = await vault('POST', 'auth/token/lookup-accessor', { accessor: token?.accessor });
      expect([400, 403, 404]).toContain(after.status);
      expect(after.body.errors?.join()).toContain('invalid accessor');
      const again = await vault('POST', 'auth/token/revoke-accessor', { accessor: token?.accessor });
      expect([200, 204, 400]).toContain(again.status);
    });

    it('CRED-2: renewal works from the accessor alone and gives no token out', async () => {
      const token = (await login()).body.auth;
      const renewed = await vault('POST', 'auth/token/renew-accessor', {
        accessor: token?.accessor,
        increment: '7200s',
      });
      expect(renewed.status).toBe(200);
      expect(renewed.body.auth).toMatchObject({ client_token: '', lease_duration: 7_200 });
    });

    it('CRED-3: a renewal past the maximum TTL is capped with a warning', async () => {
      const token = (await login()).body.auth;
      const renewed = await vault('POST', 'auth/token/renew-accessor', {
        accessor: token?.accessor,
        increment: '48h',
      });
      expect(renewed.status).toBe(200);
      expect(renewed.body.auth?.lease_duration).toBeLessThanOrEqual(86_400);
      expect(renewed.body.warnings?.join()).toContain('TTL value is capped accordingly');
    });

    it('CRED-4: a token may renew, look up and revoke itself by the default policy', async () => {
      const token = await tokenWith([policy('child')], { ttl: '10m' });
      const self = await vault('GET', 'auth/token/lookup-self', undefined, token);
      expect(self.body.data).toMatchObject({ id: token, creation_ttl: 600, num_uses: 0 });
      expect((await vault('POST', 'auth/token/renew-self', {}, token)).status).toBe(200);
      expect((await vault('POST', 'auth/token/revoke-self', undefined, token)).status).toBe(204);
      expect(await alive(token)).toBe(false);
    });

    it('CRED-1: a use-limited token ends with its last use and can have no children', async () => {
      await writePolicy('scratch', 'path "auth/token/create" { capabilities = ["update"] }');
      const token = await tokenWith([policy('scratch')], { num_uses: 2 });
      const child = await vault('POST', 'auth/token/create', {}, token);
      expect(child.status).toBe(400);
      expect(child.body.errors?.[0]).toBe('restricted use token cannot generate child tokens');
      expect(await alive(token)).toBe(true);
      expect(await alive(token)).toBe(false);
    });

    it('GOV-6: KV keeps versions, compares before it sets, and tells deleted from absent', async () => {
      expect((await vault('GET', secret('versions'))).body).toEqual({ errors: [] });
      expect((await vault('POST', secret('versions'), { nothing: 1 })).status).toBe(400);
      const first = await vault('POST', secret('versions'), { data: { v: 'one' }, options: { cas: 0 } });
      expect(first.body.data).toMatchObject({ version: 1 });
      const stale = await vault('POST', secret('versions'), { data: { v: 'x' }, options: { cas: 0 } });
      expect([stale.status, stale.body.errors?.[0]]).toEqual([
        400,
        'check-and-set parameter did not match the current version',
      ]);
      await vault('POST', secret('versions'), { data: { v: 'two' }, options: { cas: 1 } });
      expect((await vault('GET', `${secret('versions')}?version=1`)).body.data?.data).toEqual({ v: 'one' });
      expect((await vault('DELETE', secret('versions'))).status).toBe(204);
      const deleted = await vault('GET', secret('versions'));
      expect(deleted.status).toBe(404);
      expect(deleted.body.data?.data).toBeNull();
      expect(deleted.body.data?.metadata).toMatchObject({ version: 2, destroyed: false });
      expect((await vault('POST', `secret/undelete/${mark}/versions`, { versions: [2] })).status).toBe(204);
      expect((await vault('GET', secret('versions'))).body.data?.data).toEqual({ v: 'two' });
    });

    it('GOV-6: KV lists names and folders by its metadata, and warns about a path without data/', async () => {
      await vault('POST', secret('list/a'), { data: { v: '1' } });
      await vault('POST', secret('list/deep/b'), { data: { v: '1' } });
      const listed = await vault('GET', `secret/metadata/${mark}/list?list=true`);
      expect(listed.body.data?.keys).toEqual(['a', 'deep/']);
      expect((await vault('GET', `secret/metadata/${mark}/void?list=true`)).status).toBe(404);
      const wrong = await vault('GET', `secret/${mark}/list/a`);
      expect(wrong.status).toBe(404);
      expect(wrong.body.warnings?.[0]).toContain('Invalid path for a versioned K/V secrets engine');
    });

    describe.runIf(expiry)('as time passes', () => {
      const pass = async (seconds: number) => {
        const { advanceClock } = target();
        if (!advanceClock) throw new Error('this target cannot move its clock');
        await advanceClock(seconds * 1_000);
      };

      it('CRED-1: a SecretID that was not used in time is refused', async () => {
        const roleId = (await vault('GET', `auth/approle/role/${role}/role-id`)).body.data?.role_id;
        const unused = await secretId();
        await pass(61);
        const late = await vault('POST', 'auth/approle/login', { role_id: roleId, secret_id: unused }, '');
        expect(late.status).toBe(400);
      });

      it('CRED-1: a first lease that is not extended dies within five minutes, and its children with it', async () => {
        const parent = (await login()).body.auth;
        const child = await vault(
          'POST',
          `auth/token/create/${mark}-agent`,
          { ttl: '2h' },
          parent?.client_token,
        );
        await pass(299);
        expect(await alive(child.body.auth?.client_token ?? '')).toBe(true);
        await pass(2);
        expect(await alive(parent?.client_token ?? '')).toBe(false);
        expect(await alive(child.body.auth?.client_token ?? '')).toBe(false);
      });

      it('CRED-3: near the maximum TTL renewals get shorter, and after it the token is gone', async () => {
        const token = (await login()).body.auth;
        const renew = () =>
          vault('POST', 'auth/token/renew-accessor', { accessor: token?.accessor, increment: '2h' });
        for (let hour = 0; hour < 22; hour += 1) {
          expect((await renew()).body.auth?.lease_duration).toBe(7_200);
          await pass(3_600);
        }
        await renew();
        await pass(3_600);
        const last = await renew();
        expect(last.body.auth?.lease_duration).toBeLessThanOrEqual(3_600);
        expect(last.body.warnings?.length).toBe(1);
        await pass(3_601);
        expect(await alive(token?.client_token ?? '')).toBe(false);
      });
    });
  });
}
