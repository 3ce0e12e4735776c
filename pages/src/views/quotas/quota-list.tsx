import { Button } from '@cloudflare/kumo/components/button';
import type { QuotaReport } from '#contract/quotas.ts';
import { type QuotaRow, quotaRows, tone } from '../../models/quotas.ts';

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

interface Props {
  report: QuotaReport;
  /** null: this reader changes nothing. */
  onChange: ((row: QuotaRow) => void) | null;
}

/** TEN-1: every quota with what of it is in use, and a bar where it can be used up. */
export function QuotaList({ report, onChange }: Props) {
  return (
    <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
      {quotaRows(report).map((row) => (
        <Row key={row.name} row={row} onChange={onChange && (() => onChange(row))} />
      ))}
    </ul>
  );
}
