import * as z from 'zod';
import { MAX_ACTION_BYTES } from '#contract/agents.ts';
import { endpoint } from '../endpoint.ts';
import { answerMcp } from '../mcp.ts';

export const mcp = [
  endpoint('POST /mcp', {
    summary: 'Model Context Protocol over streamable HTTP, with an agent’s session token (GOV-9)',
    body: z.unknown(),
    bodyLimit: MAX_ACTION_BYTES,
    answers: { 200: z.unknown(), 202: null },
    async handle({ env, config, agent, request, body }) {
      if (agent === null) throw new Error('only agents come here');
      return answerMcp({ env, config, agent }, request, body);
    },
  }),
];
