import { Button } from '@cloudflare/kumo/components/button';
import { SealCheckIcon, SealWarningIcon } from '@phosphor-icons/react';
import { Link } from 'wouter';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { Ago } from '../../components/clock.tsx';
import { exact, plural, shortId } from '../../models/format.ts';

const EVERY = 60_000;

/** LEDG-1: the ledger is a copy; whether it still agrees with the objects, and since when that is known. */
export function LedgerState() {
  const caller = useCaller();
  const { act, busy } = useAct();
  const whole = caller.project_ids === null;
  const asked = useResource('ledger status', () => ags.ledgerStatus(), { every: EVERY, enabled: whole });
  const head = useResource('tree head', () => ags.treeHead(), { every: EVERY });
  const status = asked.data;
  if (!status) return null;
  const { intact, alarms, reconciliation: last } = status;
  const compare = async () => {
    await ags.reconcileLedger();
    asked.reload();
  };
  return (
    <section
      aria-label="State of the ledger"
      className={`panel mb-4 flex flex-wrap items-center gap-x-4 gap-y-2 p-4 ${intact ? '' : 'border-l-4 border-l-kumo-danger'}`}
    >
      {intact ? (
        <SealCheckIcon size={22} weight="fill" aria-hidden="true" className="text-kumo-success" />
      ) : (
        <SealWarningIcon size={22} weight="fill" aria-hidden="true" className="text-kumo-danger" />
      )}
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-medium" role={intact ? undefined : 'alert'}>
          {intact
            ? last
              ? 'The ledger agrees with the pipelines that it copies.'
              : 'No difference between the ledger and its pipelines is known.'
            : `The ledger and ${plural(alarms.length, 'pipeline')} disagree about the past.`}
        </p>
        <p className="text-sm text-kumo-subtle tabular">
          {last ? (
            <>
              Last compared <Ago at={last.ran_at} />: {plural(last.logs_checked, 'log')},{' '}
              {plural(last.rows_repaired, 'missing row')} written.
            </>
          ) : (
            'Not compared yet; it is, by itself, every few minutes.'
          )}
        </p>
        {head.data && (
          <p className="text-sm text-kumo-subtle tabular" title={head.data.checkpoint}>
            Signed log of {exact(head.data.size)} entries, head{' '}
            <span className="font-mono text-xs">{head.data.root.slice(0, 16)}…</span>,{' '}
            {head.data.cosigned_by.length === 0
              ? 'no witness has signed it'
              : `signed too by ${head.data.cosigned_by.join(', ')}`}
            .
          </p>
        )}
        {alarms.length > 0 && (
          <ul className="mt-1 text-sm">
            {alarms.slice(0, 5).map((a) => (
              <li key={`${a.pipeline_id} ${a.seq}`}>
                <Link href={`/pipelines/${a.pipeline_id}`} className="text-kumo-link underline">
                  {shortId(a.pipeline_id)}
                </Link>{' '}
                at event {a.seq}
              </li>
            ))}
          </ul>
        )}
      </div>
      {(caller.role === 'admin' || caller.role === 'auditor') && (
        <Button disabled={busy} onClick={() => void act(compare, 'Compared')}>
          Compare now
        </Button>
      )}
    </section>
  );
}
