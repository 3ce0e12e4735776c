import * as z from 'zod';

/** Ids are a prefix, an underscore, and lower-case base32 without look-alikes; see domain/ids.ts. */
const id = (prefix: string, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[a-z0-9_]{4,60}$`))
    .describe(what);

export const PipelineId = id('pl', 'Pipeline id, e.g. `pl_7k2m…`');
export const PlanId = z
  .string()
  .regex(/^plan_[a-z0-9]{4,60}$/)
  .describe('Plan id');
/** An id as a caller sends it: any short text, because an id of no known shape is simply not found (404), like a foreign one. */
export const GivenId = z.string().min(1).max(80);
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const Time = z.iso.datetime({ precision: 3 }).describe('RFC 3339, UTC');
/** A time as a caller sends it: any RFC 3339 time in UTC, kept to the millisecond as {@link Time}, so that both compare as texts. */
export const GivenTime = z.iso
  .datetime()
  .transform((time) => new Date(time).toISOString())
  .describe('RFC 3339, UTC');
export const MicroUsd = z.int().describe('Integer micro-USD (1,000,000 = 1 USD)');
export const Reason = z.string().trim().min(1).max(2_000);

/** Lists are `{items, next_cursor}`; `next_cursor` null is the last page. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

export const Limit = z.coerce.number().int().min(1).max(1_000);
export const Cursor = z.string().max(200);
/** Of lists that go by a pipeline's number. */
export const NumberCursor = z.string().regex(/^\d{1,15}$/, 'is not a cursor of this list');
