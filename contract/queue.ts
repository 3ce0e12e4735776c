import * as z from 'zod';

/** Ids only: messages are hints and stay far below 128 KB (rule 16). */
export const StepMessage = z.strictObject({
  tenant: z.string(),
  pipeline_id: z.string(),
  step_id: z.string(),
});
export type StepMessage = z.infer<typeof StepMessage>;

/** "There are events of this pipeline up to `seq` that the ledger may not have." */
export const LedgerMessage = z.strictObject({ tenant: z.string(), pipeline_id: z.string(), seq: z.int() });
export type LedgerMessage = z.infer<typeof LedgerMessage>;

/** "Tokens of these pipelines may be due for renewal" (CRED-3). One pipeline's ask for itself has one id; the cron's has a group. */
export const RenewalMessage = z.strictObject({
  tenant: z.string(),
  pipeline_ids: z.array(z.string()).min(1).max(100),
});
export type RenewalMessage = z.infer<typeof RenewalMessage>;
