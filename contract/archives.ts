import * as z from 'zod';
import { Limit, NumberCursor, PipelineId, page, Sha256, Time } from './primitives.ts';

/** LEDG-5: a pipeline whose log lies in the archive. */
export const Archive = z
  .object({
    pipeline_id: PipelineId,
    number: z.int(),
    project_id: z.string(),
    /** Of the evidence package, as it lies there. */
    sha256: Sha256,
    bytes: z.int(),
    events: z.int(),
    /** Of the last event. */
    head_hash: Sha256,
    /** Whether texts of context documents lie beside it. */
    documents: z.boolean(),
    archived_at: Time,
    /** When nothing of it was left elsewhere; null while it is being removed. */
    removed_at: Time.nullable(),
  })
  .meta({ id: 'Archive' });
export type Archive = z.infer<typeof Archive>;
export const ArchivePage = page(Archive).meta({ id: 'ArchivePage' });

export const ArchivesQuery = z.strictObject({ limit: Limit.optional(), cursor: NumberCursor.optional() });

/** By hash, as the pipeline's first event names them. */
export const ArchivedDocuments = z.record(Sha256, z.string()).meta({ id: 'ArchivedDocuments' });
