import { Badge } from '@cloudflare/kumo/components/badge';
import type { TokenStatusView } from '#contract/pipeline.ts';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { dateTime } from '../../models/format.ts';

const VARIANT = {
  none: 'secondary',
  active: 'success',
  revoking: 'warning',
  revoked: 'secondary',
  failed: 'error',
} as const;

interface Row {
  id: string;
  holder: string;
  status: TokenStatusView['status'];
  expires_at: string | null;
  confirmed_at: string | null;
}

/** CRED-5: the life of the pipeline's login and of each agent's token. The tokens themselves never come here. */
export function TokensTab({ tokens: t, sealed }: { tokens: TokenStatusView; sealed: boolean }) {
  const rows: Row[] = [
    {
      id: t.pipeline_id,
      holder: 'Pipeline',
      status: t.status,
      expires_at: t.expires_at,
      confirmed_at: t.confirmed_at,
    },
    ...t.agents.map((a) => ({ ...a, id: a.agent_id, holder: a.role })),
  ];
  const issued = rows.filter((r) => r.status !== 'none');
  const gone = issued.filter((r) => r.confirmed_at !== null).length;
  return (
    <div className="flex flex-col gap-3">
      <p>
        {gone} of {issued.length} tokens confirmed gone
        {sealed && ': the pipeline is sealed'}.{' '}
        <span className="text-kumo-subtle">
          Renewed {t.renewals} times. {t.policies.length > 0 && `Policies: ${t.policies.join(', ')}.`}
        </span>
      </p>
      {t.last_error && <p className="text-kumo-danger">Last error: {t.last_error}</p>}
      <ScrollRegion label="Tokens" className="">
        <table className="w-full min-w-130 text-left text-sm">
          <thead className="text-kumo-subtle">
            <tr>
              <th scope="col" className="py-2 pr-4 font-medium">
                Holder
              </th>
              <th scope="col" className="py-2 pr-4 font-medium">
                Status
              </th>
              <th scope="col" className="py-2 pr-4 font-medium">
                Expires
              </th>
              <th scope="col" className="py-2 font-medium">
                Confirmed gone
              </th>
            </tr>
          </thead>
          <tbody className="tabular">
            {rows.map((row) => (
              <tr key={row.id} className="border-t border-kumo-line">
                <th scope="row" className="py-2 pr-4 font-medium">
                  {row.holder}
                </th>
                <td className="py-2 pr-4">
                  <Badge variant={VARIANT[row.status]}>{row.status}</Badge>
                </td>
                <td className="py-2 pr-4">{row.expires_at ? dateTime(row.expires_at) : '–'}</td>
                <td className="py-2">{row.confirmed_at ? dateTime(row.confirmed_at) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  );
}
