import * as z from 'zod';
import { Pipeline, PipelineEventMessage } from './pipeline.ts';

/** What `GET /api/pipeline/stream` sends: events in order, first the past, then live (API-3). Clients drop repeats by seq. */
export const PipelineFrame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('events'), events: z.array(PipelineEventMessage) }),
  /** The past is complete up to this seq; what follows is live. */
  z.object({ kind: z.literal('live'), seq: z.int() }),
]);
export type PipelineFrame = z.infer<typeof PipelineFrame>;

/** What `GET /api/stream` (one tenant) sends: the whole live list once, with what ended by an incident in the last 24 hours, then changes, coalesced. */
export const TenantFrame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('snapshot'), pipelines: z.array(Pipeline) }),
  z.object({ kind: z.literal('changes'), pipelines: z.array(Pipeline) }),
]);
export type TenantFrame = z.infer<typeof TenantFrame>;
