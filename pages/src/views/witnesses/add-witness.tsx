import { useState } from 'react';
import { ags } from '../../api/client.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { TextField } from '../../components/text-field.tsx';

interface Props {
  onClose(): void;
  onAdded(): void;
}

/** LEDG-2: for good, since heads that a witness has signed stay signed. */
export function AddWitness({ onClose, onAdded }: Props) {
  const [name, setName] = useState('');
  const [key, setKey] = useState('');
  return (
    <FormDialog
      title="Add a witness"
      description="Its signatures are taken from now on, and shown with the heads that it signs. This is for good."
      confirm="Add it"
      ready={name.trim() !== '' && key.trim() !== ''}
      onClose={onClose}
      onSubmit={async () => {
        await ags.addWitness({ name: name.trim(), key: key.trim() });
        onAdded();
      }}
    >
      <TextField
        label="Name"
        placeholder="auditor-1"
        maxLength={64}
        required
        value={name}
        onChange={setName}
      />
      <TextField
        label="Its public key"
        placeholder="witness.example.org+b6efb787+BIE5…"
        maxLength={400}
        spellCheck={false}
        required
        value={key}
        onChange={setKey}
        description="As the witness prints it: name+id+base64 (C2SP, type 4). examples/witness is one."
      />
    </FormDialog>
  );
}
