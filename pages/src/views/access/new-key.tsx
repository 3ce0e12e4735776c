import { Checkbox } from '@cloudflare/kumo/components/checkbox';
import { Select } from '@cloudflare/kumo/components/select';
import { useState } from 'react';
import type { CreatedKey } from '#client/index.ts';
import { ACCESS_ROLES, type AccessRole } from '#domain/governance/access-role.ts';
import { ags } from '../../api/client.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { TextField } from '../../components/text-field.tsx';
import { expiryIn } from '../../models/keys.ts';
import type { Access } from './use-access.ts';

const MAY: Record<AccessRole, string> = {
  viewer: 'viewer: watches',
  operator: 'operator: runs, stops, decides',
  admin: 'admin: everything, keys and people too',
  auditor: 'auditor: reads everything, changes nothing',
};
const ROLE_ITEMS = Object.fromEntries(ACCESS_ROLES.map((role) => [role, MAY[role]]));
const EXPIRY: Record<string, { label: string; days: number | null }> = {
  '30': { label: 'in 30 days', days: 30 },
  '90': { label: 'in 90 days', days: 90 },
  '365': { label: 'in a year', days: 365 },
  never: { label: 'never', days: null },
};

interface Props {
  access: Access;
  onClose(): void;
  onCreated(key: CreatedKey): void;
}

/** TEN-2: a key for one owner, with a role, for all projects or some, and an end. */
export function NewKey({ access: { people, projects }, onClose, onCreated }: Props) {
  const [name, setName] = useState('');
  const [owner, setOwner] = useState(people[0]?.subject_id ?? '');
  const [role, setRole] = useState<AccessRole>('operator');
  const [expiry, setExpiry] = useState('90');
  const [only, setOnly] = useState<readonly string[]>([]);
  const create = async () =>
    onCreated(
      await ags.createKey({
        name: name.trim(),
        owner,
        role,
        ...(only.length > 0 && { project_ids: [...only] }),
        expires_at: expiryIn(EXPIRY[expiry]?.days ?? null, Date.now()),
      }),
    );
  return (
    <FormDialog
      title="New key"
      description="What is done with a key is recorded under its owner’s name. The secret is shown once."
      confirm="Create the key"
      ready={name.trim() !== '' && owner !== ''}
      onClose={onClose}
      onSubmit={create}
    >
      <TextField
        label="Name"
        placeholder="ci-deploy"
        maxLength={120}
        required
        value={name}
        onChange={setName}
      />
      <Select
        label="Owner"
        className="w-full"
        value={owner}
        onValueChange={(value) => setOwner(String(value ?? ''))}
        items={Object.fromEntries(people.map((p) => [p.subject_id, `${p.name} (${p.kind})`]))}
      />
      <Select
        label="Role"
        className="w-full"
        value={role}
        onValueChange={(value) => setRole(value as AccessRole)}
        items={ROLE_ITEMS}
      />
      <Select
        label="Expires"
        className="w-full"
        value={expiry}
        onValueChange={(value) => setExpiry(String(value))}
        items={Object.fromEntries(Object.entries(EXPIRY).map(([key, { label }]) => [key, label]))}
      />
      {projects.length > 1 && (
        <fieldset>
          <legend className="mb-1 font-medium">Only these projects (none chosen: all)</legend>
          <div className="flex flex-col gap-2">
            {projects.map((p) => (
              <Checkbox
                key={p.project_id}
                label={p.name}
                checked={only.includes(p.project_id)}
                onCheckedChange={(checked) =>
                  setOnly(checked ? [...only, p.project_id] : only.filter((id) => id !== p.project_id))
                }
              />
            ))}
          </div>
        </fieldset>
      )}
    </FormDialog>
  );
}
