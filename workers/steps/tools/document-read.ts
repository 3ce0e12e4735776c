import * as z from 'zod';
import { redactText } from '#domain/governance/redaction.ts';
import { defineTool, type ToolOutcome, textOf } from './tool.ts';

/** Characters of one answer; with JSON's escapes it stays below the bound of a result. */
const PART = 20_000;

const wrong = (message: string): ToolOutcome => ({
  ok: false,
  code: 'not_found',
  message,
  transient: false,
  origin: ['tool:document_read'],
});

export const documentRead = defineTool({
  name: 'document_read',
  description:
    'Returns a part of a context document that was cut in your prompt, from a character offset on, and the offset to go on at. Use it only for what you were not shown.',
  args: z.strictObject({ document: z.string().min(1).max(300), offset: z.int().min(0).max(100_000_000) }),
  min_tier: 0,
  effect: 'pure',
  external: false,
  acts: false,
  target: (args) => textOf(args.document),
  run: async ({ document, offset }, context) => {
    const ref = context.documents.find(({ name }) => name === document);
    const text = ref ? await context.readDocument(ref) : null;
    if (ref === undefined || text === null) return wrong('There is no document of this name.');
    // Whole, then cut: offsets are those of the text as the prompt shows it.
    const whole = redactText(text);
    if (offset >= whole.length) return wrong(`The document ends at ${whole.length}.`);
    const next = offset + PART;
    return {
      ok: true,
      value: {
        document,
        offset,
        text: whole.slice(offset, next),
        next_offset: next < whole.length ? next : null,
        total: whole.length,
      },
      origin: ['tool:document_read', ref.origin],
    };
  },
});
