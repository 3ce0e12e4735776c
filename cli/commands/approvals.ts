import { choice, text } from '../options.ts';
import { defineVerb } from '../verb.ts';
import { approvalLines } from '../views/approval.ts';
import { whichPipeline } from './pipeline/which.ts';

const STATUSES = ['pending', 'approved', 'denied', 'expired'] as const;

export default defineVerb({
  path: ['approvals'],
  summary: 'What waits for a person’s decision',
  options: {
    pipeline: text('--pipeline <pipeline>', 'only of this one, decided ones too'),
    status: choice('--status <status>', 'only these', STATUSES),
  },
  examples: ['ags approvals', 'ags approvals --pipeline last --json'],
  async handler(context, _args, { pipeline, status }) {
    const client = context.client();
    const page = await client.approvals({
      ...(pipeline !== undefined && { pipeline_id: await whichPipeline(client, pipeline) }),
      ...(status !== undefined && { status }),
    });
    const { style } = context.out;
    context.emit(page, () =>
      page.items.length === 0
        ? [style.faint('Nothing waits for a decision.')]
        : page.items.flatMap((one, at) => [...(at > 0 ? [''] : []), ...approvalLines(one, style)]),
    );
  },
});
