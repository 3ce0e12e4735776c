import { useState } from 'react';
import type { CreatedTenant } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { TextField } from '../../components/text-field.tsx';
import { suggestId, TENANT_ID } from '../../models/tenants.ts';

interface Props {
  onClose(): void;
  onCreated(made: CreatedTenant): void;
}

/** TEN-1: a tenant, with its first admin's key. */
export function NewTenant({ onClose, onCreated }: Props) {
  const [name, setName] = useState('');
  const [typed, setTyped] = useState<string | null>(null);
  const tenant = typed ?? suggestId(name);
  const fits = TENANT_ID.test(tenant);
  return (
    <FormDialog
      title="New tenant"
      description="A place of its own for a team: nothing in it is seen from another. You are given an admin’s key for an hour, to hand to whoever sets it up."
      confirm="Make the tenant"
      ready={name.trim() !== '' && fits}
      onClose={onClose}
      onSubmit={async () => onCreated(await ags.createTenant({ tenant, name: name.trim() }))}
    >
      <TextField
        label="Name"
        placeholder="Acme Payments"
        maxLength={120}
        required
        value={name}
        onChange={setName}
      />
      <TextField
        label="Id"
        placeholder="acme-payments"
        maxLength={40}
        required
        value={tenant}
        onChange={setTyped}
        description="3 to 40 lower-case letters, digits and hyphens, a letter first. It stands in every key and cannot be changed."
        {...(tenant !== '' && !fits && { error: 'This cannot be an id.' })}
      />
    </FormDialog>
  );
}
