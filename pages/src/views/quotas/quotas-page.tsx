import { Button } from '@cloudflare/kumo/components/button';
import { Input } from '@cloudflare/kumo/components/input';
import { useState } from 'react';
import { QUOTAS, type QuotaName, type QuotaReport } from '#contract/quotas.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useResource } from '../../api/use-resource.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { exact } from '../../models/format.ts';
import { budgetText, type QuotaRow, quotaRows, tone } from '../../models/quotas.ts';

const EVERY = 15_000;

const BAR = { fine: 'fill-kumo-success', near: 'fill-kumo-warning', full: 'fill-kumo-danger' } as const;
const SAYS = { fine: '', near: 'nearly used up', full: 'used up' } as const;

function Row({ row: r, onChange }: { row: QuotaRow; onChange: (() => void) | null }) {
  const how = r.share === null ? 'fine' : tone(r.share);
  return (
    <li className="panel p-4">
      <div className="flex items-start justify-between gap-2">
        <h2 className="font-medium">{r.label}</h2>
        {onChange && (
          <Button size="sm" aria-label={`Change: ${r.label}`} onClick={onChange}>
            Change
          </Button>
        )}
      </div>
      <p className="mt-1 tabular">
        {r.used !== null && (
          <>
            <span className="text-lg font-semibold text-kumo-strong">{r.used}</span>
            <span className="text-kumo-subtle"> of </span>
          </>
        )}
        <span className={r.used === null ? 'text-lg font-semibold text-kumo-strong' : 'text-kumo-subtle'}>
          {r.limit}
        </span>
        {how !== 'fine' && <span className="font-medium text-kumo-danger"> · {SAYS[how]}</span>}
      </p>
      {r.share !== null && (
        <svg
          className="mt-2 block h-1.5 w-full"
          preserveAspectRatio="none"
          viewBox="0 0 100 1"
          aria-hidden="true"
        >
          <rect width="100" height="1" className="fill-kumo-fill" />
          <rect width={Math.min(100, r.share * 100)} height="1" className={BAR[how]} />
        </svg>
      )}
    </li>
  );
}

interface ChangeProps {
  name: QuotaName;
  label: string;
  report: QuotaReport;
  onClose(): void;
  onChanged(): void;
}

function Change({ name, label, report, onClose, onChanged }: ChangeProps) {
  const [value, setValue] = useState(String(report.quotas[name]));
  const { min, max } = QUOTAS[name];
  const n = Number(value);
  const fits = /^\d+$/.test(value.trim()) && n >= min && n <= max;
  return (
    <FormDialog
      title={label}
      description={`From ${exact(min)} up to what the platform allows this tenant. ${
        name === 'monthly_cost_microusd' ? 'In millionths of a dollar. ' : ''
      }What runs now goes on.`}
      confirm="Set it"
      ready={fits}
      onClose={onClose}
      onSubmit={async () => {
        await ags.setQuotas({ [name]: n });
        onChanged();
      }}
    >
      <Input
        label="Limit"
        inputMode="numeric"
        value={value}
        onChange={(e) => setValue(e.target.value)}
        required
      />
    </FormDialog>
  );
}

/** ENF-5. */
function Budget({ report }: { report: QuotaReport }) {
  const { spent, text } = budgetText(report.usage);
  return (
    <p
      role={spent ? 'alert' : undefined}
      className={`panel mb-4 p-4 text-sm ${spent ? 'text-kumo-danger' : 'text-kumo-subtle'}`}
    >
      {text}
    </p>
  );
}

/** TEN-1: what the tenant may use, and what of it is in use. */
export function QuotasPage() {
  const caller = useCaller();
  const asked = useResource('quotas', () => ags.quotas(), { every: EVERY });
  const [changing, setChanging] = useState<QuotaRow | null>(null);
  const may = caller.role === 'admin' && caller.project_ids === null;
  return (
    <>
      <PageHeader title="Quotas and usage">
        What {caller.tenant} may use, and what of it is in use
        {asked.data && ` in ${asked.data.usage.month}`}. Pipelines that run have their share reserved.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data && <Budget report={asked.data} />}
      {asked.data ? (
        <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
          {quotaRows(asked.data).map((row) => (
            <Row key={row.name} row={row} onChange={may ? () => setChanging(row) : null} />
          ))}
        </ul>
      ) : (
        asked.failure === null && (
          <Loading what="quotas">
            <Skeleton className="h-64" />
          </Loading>
        )
      )}
      {changing && asked.data && (
        <Change
          name={changing.name}
          label={changing.label}
          report={asked.data}
          onClose={() => setChanging(null)}
          onChanged={asked.reload}
        />
      )}
    </>
  );
}
