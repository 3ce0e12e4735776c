import type {
  AddMcpServerRequest,
  ObservedTool,
  PinMcpToolRequest,
  RefuseMcpToolRequest,
} from '#contract/mcp-servers.ts';
import type { AgentIdentity, IdentityRun } from '#domain/governance/promotion.ts';
import type { Tier } from '#domain/governance/tier.ts';
import * as identities from '../identities.ts';
import * as mcpServers from '../mcp-servers.ts';
import type { Repeat } from '../repeats.ts';
import type { ControlClass } from './base.ts';

/** What agents have earned, and the servers that they reach through the gate (PROM, GOV-9). */
export const WithAgents = <B extends ControlClass>(Base: B) =>
  class extends Base {
    async standing(agents: AgentIdentity[]) {
      return this.within.require((s) => identities.standing(s, agents));
    }
    async runEnded(runs: ({ identity_id: string } & IdentityRun)[]) {
      this.within.store(
        (s) => identities.runEnded(s, runs),
        () => undefined,
      );
    }
    async listIdentities() {
      return this.within.store(identities.listIdentities, () => []);
    }
    async readIdentity(identity_id: string) {
      return this.within.result((s) => identities.readIdentity(s, identity_id));
    }
    async promoteAgent(actor: string, identity_id: string, reason: string) {
      return this.within.result((s) => identities.promote(s, actor, identity_id, reason));
    }
    async demoteAgent(
      actor: string,
      identity_id: string,
      a: { tier: Tier; suspend: boolean; reason: string },
    ) {
      return this.within.result((s) => identities.demote(s, actor, identity_id, a));
    }
    async grantTier(actor: string, identity_id: string, a: { tier: Tier; reason: string }) {
      return this.within.result((s) => identities.grant(s, actor, identity_id, a));
    }
    async addMcpServer(actor: string, a: AddMcpServerRequest, repeat: Repeat | null = null) {
      return this.within.once(repeat, (s) => mcpServers.addMcpServer(s, actor, a));
    }
    async listMcpServers() {
      return this.within.store(mcpServers.listMcpServers, () => []);
    }
    async readMcpServer(name: string) {
      return this.within.result((s) => mcpServers.readMcpServer(s, name));
    }
    async removeMcpServer(actor: string, name: string) {
      return this.within.result((s) => mcpServers.removeMcpServer(s, actor, name));
    }
    async observeMcpTools(name: string, tools: ObservedTool[]) {
      this.within.store(
        (s) => mcpServers.observeMcpTools(s, name, tools),
        () => undefined,
      );
    }
    async noteMcpLook(name: string, error: string) {
      this.within.store(
        (s) => mcpServers.noteMcpLook(s, name, error),
        () => undefined,
      );
    }
    async refuseMcpTool(actor: string, name: string, a: RefuseMcpToolRequest) {
      return this.within.result((s) => mcpServers.refuseMcpTool(s, actor, name, a));
    }
    async pinMcpTool(actor: string, name: string, a: PinMcpToolRequest) {
      return this.within.result((s) => mcpServers.pinMcpTool(s, actor, name, a));
    }
  };
