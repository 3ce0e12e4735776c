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
