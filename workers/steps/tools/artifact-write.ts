import * as z from 'zod';
import { redactText } from '#domain/governance/redaction.ts';
import { ARTIFACT_LIMITS } from '#workers/ledger/index.ts';
import { byteLength } from './result.ts';
import { defineTool, noteOf, orTransient, textOf } from './tool.ts';

export const artifactWrite = defineTool({
  name: 'artifact_write',
  description:
    'Keeps a file that this run made (a corrected plan, a runbook, a report) beside the run. Text only, 256 KiB at most, 20 files in a run.',
  args: z.strictObject({
    name: z.string().regex(/^[\w][\w .@+-]{0,99}$/, 'a file name without folders'),
    media_type: z
      .string()
      .regex(
        /^(text\/[\w.+-]+|application\/(json|yaml|xml|toml|[\w.-]+\+(json|xml)))$/,
        'a media type of text',
      )
      .max(100),
    content: z.string().min(1).max(ARTIFACT_LIMITS.bytes),
  }),
  min_tier: 1,
  effect: 'idempotent',
  external: false,
  acts: false,
  target: (args) => `artifact://${textOf(args.name)}`,
  run: ({ name, media_type, content }, context) =>
    orTransient('ledger', async () => {
      const clean = redactText(content);
      if (byteLength(clean) > ARTIFACT_LIMITS.bytes)
        return {
          ok: false,
          code: 'too_large',
          message: `An artifact has at most ${ARTIFACT_LIMITS.bytes} bytes.`,
          transient: false,
          origin: ['tool:artifact_write'],
        };
      const written = await context.notes.artifact({ ...noteOf(context), name, media_type, content: clean });
      return written
        ? { ok: true, value: { name, ...written }, origin: ['tool:artifact_write'] }
        : {
            ok: false,
            code: 'too_many',
            message: `This run has written ${ARTIFACT_LIMITS.count} artifacts, which is all it may.`,
            transient: false,
            origin: ['tool:artifact_write'],
          };
    }),
});
