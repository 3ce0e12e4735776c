import { Button } from '@cloudflare/kumo/components/button';
import { useState } from 'react';
import type { QuotaReport } from '#contract/quotas.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { budgetText } from '../../models/quotas.ts';

interface Props {
  report: QuotaReport;
  /** Takes the spent budget on, with a reason; false when it was refused. null: this reader may not. */
  onLift: ((reason: string) => Promise<boolean>) | null;
}

/** ENF-5: how fast the tenant's error budget burns; once it is spent, who may lifts it here (TEN-5: a person). */
export function ErrorBudget({ report, onLift }: Props) {
  const [lifting, setLifting] = useState(false);
  const { spent, text } = budgetText(report.usage);
  return (
    <div className="panel mb-4 flex flex-wrap items-center justify-between gap-3 p-4">
      <p
        role={spent ? 'alert' : undefined}
        className={`min-w-0 flex-1 basis-60 text-sm ${spent ? 'text-kumo-danger' : 'text-kumo-subtle'}`}
      >
        {text}
      </p>
      {spent && onLift && <Button onClick={() => setLifting(true)}>Lift…</Button>}
      {lifting && onLift && (
        <ConfirmDialog
          title="Lift the spent error budget?"
          description="What was counted so far counts no more, and new runs are begun again. Runs that were held go on. Should the errors go on too, it is spent again."
          confirm="Lift it"
          reason=""
          maxReason={500}
          onClose={() => setLifting(false)}
          onConfirm={onLift}
        />
      )}
    </div>
  );
}
