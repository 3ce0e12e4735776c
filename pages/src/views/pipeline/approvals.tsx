import { StampIcon } from '@phosphor-icons/react';
import type { ApprovalView } from '#contract/pipeline.ts';
import { Portion } from '../../components/portion.tsx';
import { Approval } from '../approvals/approval.tsx';

interface Props {
  approvals: ApprovalView[];
  /** Those that can still be decided now, whatever moment is shown. */
  open: ReadonlySet<string>;
}

/** GOV-5: what a person was asked to allow, where the run's actions stand. The newest first. */
export function Approvals({ approvals, open }: Props) {
  if (approvals.length === 0) return null;
  return (
    <section aria-labelledby="approvals-title">
      <h2 id="approvals-title" className="mb-2 flex items-center gap-1.5 font-semibold text-kumo-strong">
        <StampIcon size={18} aria-hidden="true" /> Approvals
      </h2>
      <div className="panel">
        <Portion items={approvals.toReversed()} what="approvals">
          {(shown) => (
            <ul>
              {shown.map((a) => (
                <Approval key={a.approval_id} approval={a} open={open.has(a.approval_id)} />
              ))}
            </ul>
          )}
        </Portion>
      </div>
    </section>
  );
}
