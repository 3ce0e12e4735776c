import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { CheckIcon, XIcon } from '@phosphor-icons/react';
import { type ReactNode, useState } from 'react';
import type { ApprovalView } from '#contract/pipeline.ts';
import { ags } from '../../api/client.ts';
import { useActorName } from '../../api/names.tsx';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useNow } from '../../components/clock.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { whyNotDecide } from '../../models/controls.ts';
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

function Pending({ approval: a, onDecided }: Pick<Props, 'approval' | 'onDecided'>) {
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
              ? a.action_id
                ? 'The action is judged once more and then carried out, once. Nothing else is allowed by it, and the record keeps that you allowed it.'
                : 'It takes effect at once, and the record keeps that you allowed it.'
              : a.action_id
                ? 'The action does not happen, and the agent is told so with your reason.'
                : 'It does not happen, and the pipeline waits for another decision.'
          }
          confirm={approves ? 'Approve' : 'Deny'}
          reason={approves ? 'Reviewed and agreed' : 'Not needed for this objective'}
          destructive={!approves}
          onClose={() => setDeciding(null)}
          onConfirm={async (reason) => {
            const done = await act(
              () =>
                ags.decideApproval(a.approval_id, {
                  decision: deciding,
                  reason,
                  action_sha256: a.action_sha256,
                }),
              approves ? 'Approved' : 'Denied',
            );
            if (done) onDecided?.();
            return done;
          }}
        />
      )}
    </>
  );
}

interface Props {
  approval: ApprovalView;
  /** It can still be decided now, whatever moment is shown. */
  open: boolean;
  /** Where it was asked, for a list across pipelines. */
  where?: ReactNode;
  /** After a decision was taken. */
  onDecided?(): void;
  /** It stands by itself instead of in a list. */
  card?: boolean;
}

/** GOV-5: what was asked for, with everything that an approval binds. */
export function Approval({ approval: a, open, where, onDecided, card = false }: Props) {
  const who = useActorName();
  const { label, variant } = STATUS[a.status];
  return (
    <li className={card ? 'panel px-4 py-3' : 'border-t border-kumo-line px-4 py-3 first:border-t-0'}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-semibold">{asked(a)}</h3>
        <Badge variant={variant}>{label}</Badge>
      </div>
      {where && <p className="text-sm">{where}</p>}
      <p className="mt-1 text-sm break-words">{a.reason}</p>
      <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-sm">
        {a.target && a.target !== a.pipeline_id && (
          <>
            <dt className="text-kumo-subtle">Target</dt>
            <dd className="font-mono text-xs leading-5 break-all">{a.target}</dd>
          </>
        )}
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
        {a.policies.length > 0 && (
          <>
            <dt className="text-kumo-subtle">Because of</dt>
            <dd className="font-mono text-xs leading-5 break-all">{a.policies.join(', ')}</dd>
          </>
        )}
        <dt className="text-kumo-subtle">Hash</dt>
        <dd className="truncate font-mono text-xs leading-5" title={`What is approved: ${a.action_sha256}`}>
          {a.action_sha256}
        </dd>
      </dl>
      <details className="mt-1">
        <summary className="min-h-6 text-sm text-kumo-link">Arguments</summary>
        <Raw label={`Arguments of ${asked(a)}`} className="mt-1 max-h-64 bg-kumo-recessed">
          {JSON.stringify(a.arguments, null, 2)}
        </Raw>
      </details>
      {open && <Pending approval={a} onDecided={onDecided} />}
    </li>
  );
}
