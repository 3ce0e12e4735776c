import type { BootstrapKey } from '#client/index.ts';
import { SecretDialog } from '../../components/secret-dialog.tsx';
import { timeOfDay } from '../../models/format.ts';

interface Props {
  tenant: string;
  created: BootstrapKey;
  onClose(): void;
}

/** TEN-2: the key that sets a tenant up; shown this once. */
export const AdminKey = ({ tenant, created, onClose }: Props) => (
  <SecretDialog
    title={`An admin’s key for ${tenant}`}
    description={`It ends at ${timeOfDay(created.expires_at)}. Sign in to the tenant with it and add its people and their keys. Copy it now: only a hash of it is kept, so nobody can show it again.`}
    secret={created.secret}
    onClose={onClose}
  />
);
