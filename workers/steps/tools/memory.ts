import * as z from 'zod';
import { redactText } from '#domain/governance/redaction.ts';
import { cutBytes } from './result.ts';
import { defineTool, noteOf, orTransient, textOf } from './tool.ts';

const MAX_TEXT_BYTES = 40_000;

export const memorySearch = defineTool({
  name: 'memory_search',
  description:
    "Searches the project's memory (notes and lessons from earlier runs) for entries that contain all the given words; returns ids, titles and summaries.",
  args: z.strictObject({ query: z.string().trim().min(1).max(300) }),
  min_tier: 0,
  effect: 'pure',
  external: false,
  acts: false,
  target: () => 'memory',
  run: ({ query }, { memory, tenant, project_id }) =>
    orTransient('memory', async () => {
      const results = await memory.search({ tenant, project_id, query });
      const origin = new Set(['tool:memory_search', ...results.flatMap((hit) => hit.origin)]);
      return { ok: true, value: { results }, origin: [...origin] };
    }),
});

export const memoryRead = defineTool({
  name: 'memory_read',
  description: 'Returns one entry of the memory by its id, as memory_search gave it.',
  args: z.strictObject({ id: z.string().min(1).max(100) }),
  min_tier: 0,
  effect: 'pure',
  external: false,
  acts: false,
  target: (args) => `memory://${textOf(args.id)}`,
  run: ({ id }, { memory, tenant, project_id }) =>
    orTransient('memory', async () => {
      const entry = await memory.read({ tenant, project_id, id });
      if (entry === null)
        return {
          ok: false,
          code: 'not_found',
          message: 'The memory has no such entry.',
          transient: false,
          origin: [],
        };
      const whole = redactText(entry.text);
      const text = cutBytes(whole, MAX_TEXT_BYTES);
      const truncated = text.length < whole.length;
      return {
        ok: true,
        value: { ...entry, text, truncated },
        truncated,
        origin: [...new Set(['tool:memory_read', ...entry.origin])],
      };
    }),
});

/** Characters; what is longer belongs into an artifact. */
const MAX_CONTENT = 40_000;

export const memoryWrite = defineTool({
  name: 'memory_write',
  description:
    "Writes a note into the project's memory for later runs: a lesson, a decision and its reason, a fact that was hard to find. Give a title, one or two sentences of summary, and the content.",
  args: z.strictObject({
    title: z.string().trim().min(1).max(200),
    summary: z.string().trim().min(1).max(1_000),
    content: z.string().trim().min(1).max(MAX_CONTENT),
  }),
  min_tier: 1,
  effect: 'idempotent',
  external: false,
  acts: false,
  target: () => 'memory',
  run: (note, context) =>
    orTransient('memory', async () => {
      const clean = {
        title: redactText(note.title),
        summary: redactText(note.summary),
        content: redactText(note.content),
      };
      const written = await context.notes.memory({ ...noteOf(context), ...clean });
      return { ok: true, value: written, origin: ['tool:memory_write'] };
    }),
});
