import { Button } from '@cloudflare/kumo/components/button';
import { DownloadSimpleIcon, PlusIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { Witness } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { saveFile } from '../../api/save-file.ts';
import { useCaller } from '../../api/session.tsx';
import { useResource } from '../../api/use-resource.ts';
import { DataTable } from '../../components/data-table.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { actorName } from '../../models/actor.ts';
import { dateTime } from '../../models/format.ts';
import { trustFile } from '../../models/signed-head.ts';
import { AddWitness } from './add-witness.tsx';
import { Heads } from './heads.tsx';

const EVERY = 30_000;

function Witnesses({ witnesses }: { witnesses: readonly Witness[] }) {
  const caller = useCaller();
  return (
    <section aria-labelledby="witnesses" className="mb-8">
      <h2 id="witnesses" className="mb-3 font-semibold text-kumo-strong">
        Witnesses
      </h2>
      <DataTable
        label="Witnesses"
        rows={witnesses}
        keyOf={(w) => w.name}
        empty="Nobody outside signs this log: whoever has the deployment’s signing key could show different people different logs."
        columns={[
          { title: 'Name', cell: (w) => w.name },
          {
            title: 'Public key',
            cell: (w) => <span className="font-mono text-xs break-all">{w.key}</span>,
          },
          { title: 'Added', cell: (w) => `${dateTime(w.added_at)} by ${actorName(w.added_by, caller)}` },
        ]}
      />
    </section>
  );
}

/** LEDG-2: what vouches for the tenant's log: signed heads, who outside has cosigned them, and the keys to check that with. */
export function WitnessesPage() {
  const { tenant, role } = useCaller();
  const [adding, setAdding] = useState(false);
  const asked = useResource(
    'signed log',
    async () => {
      // The newest head is signed when it is asked for, so it comes first.
      await ags.treeHead();
      const [heads, witnesses, keys] = await Promise.all([
        ags.treeHeads(),
        ags.witnesses(),
        ags.ledgerKeys(tenant),
      ]);
      return { heads: heads.items, witnesses: witnesses.items, keys };
    },
    { every: EVERY },
  );
  const { data } = asked;
  return (
    <>
      <PageHeader
        title="Signed log"
        actions={
          data && (
            <>
              <Button
                icon={<DownloadSimpleIcon />}
                onClick={() =>
                  saveFile(`${tenant}.trust.txt`, trustFile(data.keys, data.witnesses), 'text/plain')
                }
              >
                Trust file
              </Button>
              {role === 'admin' && (
                <Button variant="primary" icon={<PlusIcon />} onClick={() => setAdding(true)}>
                  Add a witness…
                </Button>
              )}
            </>
          )
        }
      >
        Everything that happens here ends in one log, whose state is signed. A witness outside signs only what
        continues what it saw before, so that nobody can be shown another past.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {data ? (
        <>
          <Witnesses witnesses={data.witnesses} />
          <section aria-labelledby="keys" className="mb-8">
            <h2 id="keys" className="mb-1 font-semibold text-kumo-strong">
              Public keys
            </h2>
            <p className="mb-3 max-w-3xl text-sm text-kumo-subtle">
              Take them away once, over a connection that you trust, and keep the file: it is what{' '}
              <code>ags evidence verify FILE --trust TRUST-FILE</code> believes.
            </p>
            <Raw label="Trust file" className="max-h-60 bg-kumo-recessed">
              {trustFile(data.keys, data.witnesses)}
            </Raw>
          </section>
          <Heads heads={data.heads} witnesses={data.witnesses} keys={data.keys} />
        </>
      ) : (
        asked.failure === null && (
          <Loading what="the signed log">
            <Skeleton className="h-40" />
          </Loading>
        )
      )}
      {adding && <AddWitness onClose={() => setAdding(false)} onAdded={asked.reload} />}
    </>
  );
}
