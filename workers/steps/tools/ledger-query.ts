import * as z from 'zod';
import { redactText } from '#domain/governance/redaction.ts';
import { cutBytes } from './result.ts';
import { defineTool, orTransient } from './tool.ts';

const LIMIT = 50;
/** Of one event's content: enough to see what happened, and fifty of them fit into a result. */
const BODY_BYTES = 700;

export const ledgerQuery = defineTool({
  name: 'ledger_query',
  description:
    'Looks into the log of earlier and present runs of this project: events by type (such as action_decided, violation_recorded, consensus_reached), by run, or by words. Newest first, 50 at most; long contents are cut.',
  args: z.strictObject({
    type: z
      .string()
      .regex(/^[a-z_]{1,60}$/)
      .optional(),
    pipeline_id: z
      .string()
      .regex(/^pl_[a-z0-9]{4,26}$/)
      .optional(),
    words: z.string().trim().min(1).max(200).optional(),
    limit: z.int().min(1).max(LIMIT).optional(),
  }),
  min_tier: 0,
  effect: 'pure',
  external: false,
  acts: false,
  target: () => 'ledger',
  run: ({ words, limit = 20, type, pipeline_id }, { ledger, tenant, project_id }) =>
    orTransient('ledger', async () => {
      const found = await ledger.query({
        tenant,
        project_id,
        limit,
        ...(words !== undefined && { q: words }),
        ...(type !== undefined && { type }),
        ...(pipeline_id !== undefined && { pipeline_id }),
      });
      const events = found.map(({ body, ...event }) => {
        const whole = redactText(JSON.stringify(body));
        const content = cutBytes(whole, BODY_BYTES);
        return { ...event, content, cut: content.length < whole.length };
      });
      // What agents and documents of other runs wrote is nobody's instruction.
      return { ok: true, value: { events }, origin: ['tool:ledger_query', 'untrusted'] };
    }),
});
