import * as z from 'zod';
import { SEATS } from '#domain/agents/roles.ts';
import { defineTool } from './tool.ts';

export const blackboardRead = defineTool({
  name: 'blackboard_read',
  description:
    'Returns the blackboard as it stood when this round began: report, findings, proposals, votes, messages. It is already in your prompt; use this only when it was cut there.',
  args: z.strictObject({}),
  roles: SEATS,
  min_tier: 0,
  effect: 'pure',
  external: false,
  acts: false,
  target: () => 'blackboard',
  run: async (_args, { blackboard }) =>
    blackboard === null
      ? {
          ok: false,
          code: 'no_blackboard',
          message: 'There is no blackboard yet.',
          transient: false,
          origin: [],
        }
      : { ok: true, value: blackboard, origin: ['tool:blackboard_read', 'agent'] },
});
