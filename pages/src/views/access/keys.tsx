import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { Select } from '@cloudflare/kumo/components/select';
import { PlusIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { CreatedKey, Key } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { Ago, useNow } from '../../components/clock.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { SecretDialog } from '../../components/secret-dialog.tsx';
import { dateTime } from '../../models/format.ts';
import { keyStatus, orderKeys } from '../../models/keys.ts';
import { Listed } from './listed.tsx';
import { NewKey } from './new-key.tsx';
import type { Access } from './use-access.ts';

const STATUS = {
  live: { label: 'works', variant: 'success' },
  expiring: { label: 'expires soon', variant: 'warning' },
  expired: { label: 'expired', variant: 'secondary' },
  revoked: { label: 'revoked', variant: 'secondary' },
} as const;

const OVERLAPS = {
  '0': 'at once',
  '3600': 'after an hour',
  '86400': 'after a day',
  '604800': 'after a week',
};

interface RotateProps {
  row: Key;
  onClose(): void;
  onCreated(key: CreatedKey): void;
}

function Rotate({ row, onClose, onCreated }: RotateProps) {
  const [overlap, setOverlap] = useState('86400');
  return (
    <FormDialog
      title={`Rotate ${row.name}`}
      description="A new key with the same owner, role and projects. The old one goes on for as long as you choose, so that nothing stops in between."
      confirm="Rotate"
      ready
      onClose={onClose}
      onSubmit={async () => onCreated(await ags.rotateKey(row.key_id, Number(overlap)))}
    >
      <Select
        label="The old key ends"
        className="w-full"
        value={overlap}
        onValueChange={(value) => setOverlap(String(value))}
        items={OVERLAPS}
      />
    </FormDialog>
  );
}

function Revoke({ row, onClose, onDone }: { row: Key; onClose(): void; onDone(): void }) {
  const { act } = useAct();
  return (
    <FormDialog
      title={`Revoke ${row.name}?`}
      description="It stops working at once, with every session that came from it. This cannot be undone; runs that it started go on."
      confirm="Revoke the key"
      ready
      onClose={onClose}
      onSubmit={async () => {
        if (await act(() => ags.revokeKey(row.key_id), 'The key is revoked')) onDone();
      }}
    >
      <p className="font-mono text-sm">{row.prefix}…</p>
    </FormDialog>
  );
}

type Doing = { what: 'new' } | { what: 'rotate' | 'revoke'; row: Key } | null;

/** TEN-2: every key, whose it is and what it may; made, rotated and revoked here. */
export function Keys({ access, onChanged }: { access: Access; onChanged(): void }) {
  const caller = useCaller();
  const now = useNow();
  const [doing, setDoing] = useState<Doing>(null);
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const admin = caller.role === 'admin';
  const owners = new Map(access.people.map((p) => [p.subject_id, p]));
  const projects = new Map(access.projects.map((p) => [p.project_id, p.name]));
  const close = () => setDoing(null);
  const made = (key: CreatedKey) => {
    setCreated(key);
    onChanged();
  };

  const columns: Column<Key>[] = [
    {
      title: 'Key',
      cell: (k) => (
        <>
          <span className="block font-medium">{k.name}</span>
          <span className="font-mono text-xs text-kumo-subtle">{k.prefix}…</span>
        </>
      ),
    },
    {
      title: 'Owner',
      cell: (k) => (
        <>
          {owners.get(k.owner)?.name ?? k.owner}
          <span className="block text-kumo-subtle">{owners.get(k.owner)?.kind}</span>
        </>
      ),
    },
    {
      title: 'May',
      cell: (k) => (
        <>
          {k.role}
          <span className="block text-kumo-subtle">
            {k.project_ids?.map((id) => projects.get(id) ?? id).join(', ') ?? 'all projects'}
          </span>
        </>
      ),
    },
    {
      title: 'Status',
      cell: (k) => {
        const { label, variant } = STATUS[keyStatus(k, now)];
        return (
          <>
            <Badge variant={variant}>{label}</Badge>
            <span className="mt-0.5 block text-kumo-subtle">
              {k.expires_at ? `until ${dateTime(k.expires_at)}` : 'no end'}
            </span>
          </>
        );
      },
    },
    { title: 'Last used', cell: (k) => (k.last_used_at ? <Ago at={k.last_used_at} /> : 'never') },
    ...(admin
      ? [
          {
            title: 'Change',
            right: true,
            cell: (k: Key) =>
              ['live', 'expiring'].includes(keyStatus(k, now)) && (
                <span className="inline-flex gap-2">
                  <Button
                    size="sm"
                    aria-label={`Rotate ${k.name}`}
                    onClick={() => setDoing({ what: 'rotate', row: k })}
                  >
                    Rotate
                  </Button>
                  <Button
                    size="sm"
                    variant="secondary-destructive"
                    aria-label={`Revoke ${k.name}`}
                    onClick={() => setDoing({ what: 'revoke', row: k })}
                  >
                    Revoke
                  </Button>
                </span>
              ),
          },
        ]
      : []),
  ];

  return (
    <Listed
      id="keys"
      title="Keys"
      action={
        admin && (
          <Button
            variant="primary"
            icon={PlusIcon}
            disabled={access.people.length === 0}
            onClick={() => setDoing({ what: 'new' })}
          >
            New key
          </Button>
        )
      }
    >
      <DataTable
        label="Keys"
        columns={columns}
        rows={orderKeys(access.keys, now)}
        keyOf={(k) => k.key_id}
        empty="No key yet. Add a person or a service first: every key belongs to somebody."
      />
      {doing?.what === 'new' && <NewKey access={access} onClose={close} onCreated={made} />}
      {doing?.what === 'rotate' && <Rotate row={doing.row} onClose={close} onCreated={made} />}
      {doing?.what === 'revoke' && <Revoke row={doing.row} onClose={close} onDone={onChanged} />}
      {created && (
        <SecretDialog
          title="Your new key"
          description="Copy it now: only a hash of it is kept, so nobody can show it again."
          secret={created.secret}
          onClose={() => setCreated(null)}
        />
      )}
    </Listed>
  );
}
