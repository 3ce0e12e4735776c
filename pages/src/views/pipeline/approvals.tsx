import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { CheckIcon, StampIcon, XIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { ApprovalView } from '#contract/pipeline.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useNow } from '../../components/clock.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { actorOf, whyNotDecide } from '../../models/controls.ts';
import { dateTime, duration } from '../../models/format.ts';

const STATUS = {
  pending: { label: 'pending', variant: 'warning' },
  approved: { label: 'approved', variant: 'success' },
  denied: { label: 'denied', variant: 'error' },
  expired: { label: 'expired', variant: 'secondary' },
} as const;

/** What is asked for, in words. */
const asked = (a: ApprovalView): string =>
  a.tool === 'escalate_tier' ? `Run again at tier ${String(a.arguments.tier)}` : a.tool;

type Decision = 'approve' | 'deny';

function Pending({ approval: a }: { approval: ApprovalView }) {
  const caller = useCaller();
  const now = useNow();
  const { act } = useAct();
  const [deciding, setDeciding] = useState<Decision | null>(null);
  const whyNot = whyNotDecide(a.requested_by, caller);
  const approves = deciding === 'approve';
  return (
    <>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button
          size="sm"
          variant="primary"
          icon={CheckIcon}
          disabled={whyNot !== null}
          onClick={() => setDeciding('approve')}
        >
          Approve
        </Button>
        <Button
          size="sm"
          variant="secondary-destructive"
          icon={XIcon}
          disabled={whyNot !== null}
          onClick={() => setDeciding('deny')}
        >
          Deny
        </Button>
      </div>
      {whyNot && <p className="mt-2 text-sm font-medium">{whyNot}</p>}
      <p className="mt-2 text-sm text-kumo-subtle tabular">
        Expires in {duration(Date.parse(a.expires_at) - now)}
      </p>
      {deciding && (
        <ConfirmDialog
          title={approves ? `Approve: ${asked(a)}?` : `Deny: ${asked(a)}?`}
          description={
            approves
              ? 'It takes effect at once, and the record keeps that you allowed it.'
              : 'It does not happen, and the pipeline waits for another decision.'
          }
          confirm={approves ? 'Approve' : 'Deny'}
          reason={approves ? 'Reviewed and agreed' : 'Not needed for this objective'}
          destructive={!approves}
          onClose={() => setDeciding(null)}
          onConfirm={(reason) =>
            act(
              () =>
                ags.decideApproval(a.approval_id, {
                  decision: deciding,
                  reason,
                  action_sha256: a.action_sha256,
                }),
              approves ? 'Approved' : 'Denied',
            )
          }
        />
      )}
    </>
  );
}

function Approval({ approval: a, open }: { approval: ApprovalView; open: boolean }) {
  const caller = useCaller();
  const who = (actor: string) => (actor === actorOf(caller) ? 'you' : actor.replace(/^\w+:/, ''));
  const { label, variant } = STATUS[a.status];
  return (
    <li className="border-t border-kumo-line px-4 py-3 first:border-t-0">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-semibold">{asked(a)}</h3>
        <Badge variant={variant}>{label}</Badge>
      </div>
      <p className="mt-1 text-sm break-words">{a.reason}</p>
      <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-sm">
        <dt className="text-kumo-subtle">Asked by</dt>
        <dd className="break-all">{who(a.requested_by)}</dd>
        {a.decided_by && (
          <>
            <dt className="text-kumo-subtle">Decided by</dt>
            <dd className="break-all">{who(a.decided_by)}</dd>
          </>
        )}
        <dt className="text-kumo-subtle">Until</dt>
        <dd className="tabular">{dateTime(a.expires_at)}</dd>
        <dt className="text-kumo-subtle">Hash</dt>
        <dd className="truncate font-mono text-xs leading-5" title={`What is approved: ${a.action_sha256}`}>
          {a.action_sha256}
        </dd>
      </dl>
      {open && <Pending approval={a} />}
    </li>
  );
}

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
      <ul className="panel">
        {approvals.toReversed().map((a) => (
          <Approval key={a.approval_id} approval={a} open={open.has(a.approval_id)} />
        ))}
      </ul>
    </section>
  );
}
