import { Button } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { Input } from '@cloudflare/kumo/components/input';
import { BuildingsIcon, PlusIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { CreatedTenant } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { useResource } from '../../api/use-resource.ts';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Portion } from '../../components/portion.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { matching } from '../../models/tenants.ts';
import { AdminKey } from './admin-key.tsx';
import { NewTenant } from './new-tenant.tsx';
import { TenantTable } from './tenant-table.tsx';

const EVERY = 60_000;
/** Above this many there is something to search. */
const FEW = 8;

/** UI-1, TEN-1: every tenant of the deployment, with what it may use and uses. */
export function TenantsPage() {
  const asked = useResource('tenants', () => ags.tenants(), { every: EVERY });
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<CreatedTenant | null>(null);
  const [text, setText] = useState('');
  const all = asked.data?.items ?? [];
  const found = matching(all, text);
  const add = (
    <Button variant="primary" icon={PlusIcon} onClick={() => setAdding(true)}>
      New tenant
    </Button>
  );
  return (
    <>
      <PageHeader title="Tenants" actions={all.length > 0 && add}>
        Every tenant of this deployment, and how much of its quotas is in use. What happens inside a tenant is
        its own people’s to see.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data === null ? (
        asked.failure === null && (
          <Loading what="tenants">
            <Skeleton className="h-64" />
          </Loading>
        )
      ) : all.length === 0 ? (
        <Empty
          className="text-center"
          icon={<BuildingsIcon size={48} aria-hidden="true" />}
          title="There is no tenant yet"
          description="A tenant is a team’s own place: its pipelines, people, keys, policies and ledger."
          contents={add}
        />
      ) : (
        <>
          {all.length > FEW && (
            <Input
              label="Find a tenant"
              type="search"
              placeholder="name or id"
              className="mb-4 w-full sm:w-80"
              value={text}
              onChange={(e) => setText(e.target.value)}
            />
          )}
          <Portion items={found} what="tenants">
            {(shown) => <TenantTable tenants={shown} />}
          </Portion>
        </>
      )}
      {adding && (
        <NewTenant
          onClose={() => setAdding(false)}
          onCreated={(tenant) => {
            setMade(tenant);
            asked.reload();
          }}
        />
      )}
      {made && <AdminKey tenant={made.tenant} created={made.bootstrap} onClose={() => setMade(null)} />}
    </>
  );
}
