import type { ApprovalView } from '#client/index.ts';
import { pipelineIdOf } from '#domain/ids.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT, usageError } from '../exit.ts';
import { text } from '../options.ts';
import { defineVerb, type Verb } from '../verb.ts';
import { approvalLines } from '../views/approval.ts';

/** The approval as it stands; its id names its pipeline. */
async function read(context: Context, approvalId: string): Promise<ApprovalView> {
  const pipeline_id = pipelineIdOf(approvalId);
  if (pipeline_id === null)
    throw usageError(`${JSON.stringify(approvalId)} is not an approval’s id`, 'ags approvals');
  const { items } = await context.client().approvals({ pipeline_id });
  const found = items.find((one) => one.approval_id === approvalId);
  if (!found) throw new CliError(EXIT.refused, `There is no approval ${approvalId}`, 'ags approvals');
  return found;
}

const verb = (word: 'approve' | 'deny'): Verb =>
  defineVerb({
    path: [word],
    summary: word === 'approve' ? 'Approve what somebody else asked for' : 'Deny what somebody asked for',
    description:
      'Shows what is decided on, and sends its hash along: if it changed meanwhile, the decision is refused. Nobody approves what they asked for themselves.',
    arguments: [['<approval>', 'the approval’s id, as `ags approvals` lists it']],
    options: { reason: text('--reason <text>', 'why, for the record') },
    examples: ['ags approvals', `ags ${word} ap_… --reason "as agreed in the review"`],
    async handler(context, [id], { reason }) {
      const approval = await read(context, id!);
      context.notes.print(...approvalLines(approval, context.notes.style));
      if (reason === undefined) throw usageError('Why? Give --reason; it goes on record.');
      const pipeline = await context
        .client()
        .decideApproval(id!, { decision: word, reason, action_sha256: approval.action_sha256 });
      const { style } = context.out;
      const decided = word === 'approve' ? style.good('✔ Approved') : style.caution('✘ Denied');
      const waits = pipeline.waiting_for ? `waits for ${pipeline.waiting_for}` : 'goes on';
      context.emit({ approval, decision: word, pipeline }, () => [
        `${decided}: ${approval.tool}; ${pipeline.pipeline_id} ${waits}.`,
      ]);
    },
  });

export const approve = verb('approve');
export const deny = verb('deny');
