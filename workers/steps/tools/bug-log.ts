import * as z from 'zod';
import { redactText } from '#domain/governance/redaction.ts';
import { SEVERITIES } from '#domain/governance/severity.ts';
import { defineTool, noteOf, orTransient } from './tool.ts';

export const bugLog = defineTool({
  name: 'bug_log',
  description:
    'Logs a defect that people should look at, in the project’s list of bugs: what is wrong, how one sees it, and how bad it is.',
  args: z.strictObject({
    title: z.string().trim().min(1).max(200),
    detail: z.string().trim().min(1).max(10_000),
    severity: z.enum(SEVERITIES),
  }),
  min_tier: 0,
  effect: 'idempotent',
  external: false,
  acts: false,
  target: () => 'bugs',
  run: ({ title, detail, severity }, context) =>
    orTransient('ledger', async () => {
      const clean = { title: redactText(title), detail: redactText(detail), severity };
      const written = await context.notes.bug({ ...noteOf(context), ...clean });
      return { ok: true, value: { ...written, status: 'open' }, origin: ['tool:bug_log'] };
    }),
});
