import * as z from 'zod';
import {
  AddMcpServerRequest,
  McpServer,
  McpServerPage,
  PinMcpToolRequest,
  RefuseMcpToolRequest,
} from '#contract/mcp-servers.ts';
import { judgeServerUrl } from '#domain/governance/egress.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { all, endpoint, json, noContent } from '../endpoint.ts';
import { made, repeatOf } from '../idempotency.ts';
import { ProblemError } from '../problem.ts';
import { controlOf, must } from '../scope.ts';
import { lookAtServers } from '../server-look.ts';

export const mcpServers = [
  endpoint('POST /api/mcp-servers', {
    summary: 'Have the MCP endpoint front a server of the tenant’s own (GOV-9)',
    body: AddMcpServerRequest,
    answers: { 201: McpServer },
    problems: ['already_exists', 'host_not_allowed', 'idempotency_conflict'],
    async handle(asked) {
      const { httpAllow: allow, mcpLocal: local } = asked.config;
      const judged = judgeServerUrl(asked.body.url, { allow, local });
      if (!judged.ok)
        throw new ProblemError('host_not_allowed', judged.error.reason, {
          field: 'url',
          remedy: judged.error.remedy,
        });
      return made(await controlOf(asked).addMcpServer(actorOf(asked.caller), asked.body, repeatOf(asked)));
    },
  }),
  endpoint('GET /api/mcp-servers', {
    summary: 'Fronted MCP servers, their tools as last seen, and what a person has pinned',
    query: z.strictObject({}),
    answers: { 200: McpServerPage },
    handle: async (asked) => json(200, all(await controlOf(asked).listMcpServers())),
  }),
  endpoint('DELETE /api/mcp-servers/{name}', {
    summary: 'Front a server no longer',
    answers: { 204: null },
    problems: ['not_found'],
    async handle(asked) {
      must(await controlOf(asked).removeMcpServer(actorOf(asked.caller), asked.params.name ?? ''));
      return noContent();
    },
  }),
  endpoint('POST /api/mcp-servers/{name}/look', {
    summary: 'Ask a server now which tools it has, in a short run of its own (GOV-9)',
    answers: { 200: McpServer },
    problems: ['not_found'],
    async handle(asked) {
      const { env, config, caller } = asked;
      const control = controlOf(asked);
      const server = must(await control.readMcpServer(asked.params.name ?? ''));
      await lookAtServers({ env, config, tenant: caller.tenant, actor: actorOf(caller) }, [server]);
      return json(200, must(await control.readMcpServer(server.name)));
    },
  }),
  endpoint('POST /api/mcp-servers/{name}/refusals', {
    summary: 'Do not vouch for a tool as it describes itself today; a pin that it has is withdrawn (GOV-9)',
    body: RefuseMcpToolRequest,
    answers: { 200: McpServer },
    problems: ['not_found', 'action_changed'],
    handle: async (asked) =>
      json(
        200,
        must(
          await controlOf(asked).refuseMcpTool(actorOf(asked.caller), asked.params.name ?? '', asked.body),
        ),
      ),
  }),
  endpoint('POST /api/mcp-servers/{name}/pins', {
    summary: 'Vouch for a tool as it describes itself today; persons only (GOV-9)',
    body: PinMcpToolRequest,
    answers: { 200: McpServer },
    problems: ['not_found', 'person_needed', 'action_changed'],
    async handle(asked) {
      const control = controlOf(asked);
      must(await control.readMcpServer(asked.params.name ?? ''));
      if (asked.caller.subject_kind !== 'person')
        throw new ProblemError('person_needed', 'Only a person vouches for what a tool says about itself.');
      return json(
        200,
        must(await control.pinMcpTool(actorOf(asked.caller), asked.params.name ?? '', asked.body)),
      );
    },
  }),
];
