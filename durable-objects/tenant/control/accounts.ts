import type { AccessRole, Caller } from '#contract/access.ts';
import { ok } from '#domain/result.ts';
import * as keys from '../keys.ts';
import * as people from '../people.ts';
import type { Repeat } from '../repeats.ts';
import * as sessions from '../sessions.ts';
import type { ControlClass } from './base.ts';

/** Who is known to the tenant, by which key or session, and in which projects (TEN-2, TEN-3, TEN-5). */
export const WithAccounts = <B extends ControlClass>(Base: B) =>
  class extends Base {
    async claim(repeat: Repeat) {
      return this.within.once(repeat, () => ok(null));
    }
    async createSubject(
      actor: string,
      a: { name: string; kind: 'person' | 'service'; email?: string },
      repeat: Repeat | null = null,
    ) {
      return this.within.once(repeat, (s) => ok(people.createSubject(s, actor, a)));
    }
    async listSubjects() {
      return this.within.store(people.listSubjects, () => []);
    }
    async createProject(actor: string, name: string, repeat: Repeat | null = null) {
      return this.within.once(repeat, (s) => people.createProject(s, actor, name));
    }
    async listProjects() {
      return this.within.store(people.listProjects, () => []);
    }
    async createKey(
      actor: string,
      a: { name: string; owner: string; role: AccessRole; project_ids?: string[]; expires_at?: string },
      repeat: Repeat | null = null,
    ) {
      return this.within.result((s) => keys.keyOnce(s, repeat, (key) => keys.createKey(s, actor, a, key)));
    }
    async listKeys() {
      return this.within.store(keys.listKeys, () => []);
    }
    async rotateKey(actor: string, key_id: string, overlap_s: number, repeat: Repeat | null = null) {
      return this.within.result((s) =>
        keys.keyOnce(s, repeat, (key) => keys.rotateKey(s, actor, key_id, overlap_s, key)),
      );
    }
    async revokeKey(actor: string, key_id: string) {
      return this.within.result((s) => keys.revokeKey(s, actor, key_id));
    }
    async authenticateKey(secret: string) {
      return this.within.caller((s) => keys.authenticateKey(s, secret));
    }
    async authorityOf(actor: string) {
      return this.within.store(
        (s) => keys.authorityOf(s, actor),
        () => null,
      );
    }
    async createSignInLink(caller: Caller, ttl_s: number) {
      return this.within.require((s) => sessions.createFor(s, 'lnk', caller, ttl_s));
    }
    async openSession(a: { key: string } | { link_token: string } | { email: string }) {
      return this.within.caller((s) => sessions.openSession(s, a));
    }
    async authenticateSession(cookie: string) {
      return this.within.caller((s) => sessions.authenticateSession(s, cookie));
    }
    async closeSession(cookie: string) {
      this.within.store(
        (s) => sessions.closeSession(s, cookie),
        () => undefined,
      );
    }
    async createTicket(caller: Caller) {
      const { token, expires_at } = this.within.require((s) =>
        sessions.createFor(s, 'tkt', caller, sessions.TICKET_TTL_S),
      );
      return { ticket: token, expires_at };
    }
    async redeemTicket(ticket: string) {
      return this.within.caller((s) => sessions.redeemTicket(s, ticket));
    }
  };
