import type { AgentRole } from '#domain/agents/roles.ts';
import type { Tier } from '#domain/governance/tier.ts';
import type { ToolRule } from '#workers/policy/index.ts';
import { ansibleInspect } from './ansible-inspect.ts';
import { artifactWrite } from './artifact-write.ts';
import { blackboardRead } from './blackboard-read.ts';
import { bugLog } from './bug-log.ts';
import { documentRead } from './document-read.ts';
import { mcpDiscover } from './fronted.ts';
import { httpGet } from './http-get.ts';
import { ledgerQuery } from './ledger-query.ts';
import { memoryRead, memorySearch, memoryWrite } from './memory.ts';
import { secretRead } from './secret-read.ts';
import { terraformInspect } from './terraform-inspect.ts';
import type { Tool } from './tool.ts';
import { webhookDispatch } from './webhook-dispatch.ts';

/** GOV-6: the built-in tools by name. */
export const TOOLS: ReadonlyMap<string, Tool> = new Map(
  [
    blackboardRead,
    documentRead,
    memorySearch,
    memoryRead,
    memoryWrite,
    ledgerQuery,
    secretRead,
    httpGet,
    mcpDiscover,
    artifactWrite,
    terraformInspect,
    ansibleInspect,
    bugLog,
    webhookDispatch,
  ].map((tool) => [tool.name, tool]),
);

/** What the gate judges them by. */
export const TOOL_RULES: ReadonlyMap<string, ToolRule> = new Map(
  [...TOOLS].map(([name, { rule }]) => [name, rule]),
);

/** AGENT-1: what an agent is offered; the gate decides anew about each call. */
export const toolsFor = (tier: Tier, role: AgentRole): Tool[] =>
  [...TOOLS.values()].filter(
    ({ rule, roles }) => rule.min_tier <= tier && (roles === null || roles.includes(role)),
  );
