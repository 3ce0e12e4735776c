import * as z from 'zod';
import { Limit, NumberCursor, PipelineId, page, Time } from './primitives.ts';

/** LEDG-2: content of events, and of context documents by their name. The reason stays on record, so it must not repeat what is to go. */
const named = { pipeline_id: PipelineId, reason: z.string().min(3).max(1_000) };
const events = z.array(z.int().min(1)).max(1_000);
const documents = z.array(z.string().min(1).max(300)).max(50);
export const EraseRequest = z
  .union([
    z.strictObject({ ...named, events: events.min(1), documents: documents.default([]) }),
    z.strictObject({ ...named, events: events.default([]), documents: documents.min(1) }),
  ])
  .describe('at least one event or document is named');
export type EraseRequest = z.input<typeof EraseRequest>;

export const Erasure = z
  .object({
    erasure_id: z.string(),
    pipeline_id: PipelineId,
    events: z.array(z.int()),
    documents: z.array(z.string()),
    reason: z.string(),
    asked_by: z.string(),
    asked_at: Time,
    /** When the content had gone from object, ledger and archive; null while a copy still has it. */
    done_at: Time.nullable(),
  })
  .meta({ id: 'Erasure' });
export type Erasure = z.infer<typeof Erasure>;

export const ErasurePage = page(Erasure).meta({ id: 'ErasurePage' });
export const ErasuresQuery = z.strictObject({ limit: Limit.optional(), cursor: NumberCursor.optional() });
