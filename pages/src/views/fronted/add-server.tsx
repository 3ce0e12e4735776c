import { useState } from 'react';
import { ags } from '../../api/client.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { TextField } from '../../components/text-field.tsx';

interface Props {
  onClose(): void;
  onAdded(): void;
}

/** GOV-9: a server of the tenant's own; it is asked for its tools at once. */
export function AddServer({ onClose, onAdded }: Props) {
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [path, setPath] = useState('');
  const add = async () => {
    const secret_path = path.trim();
    await ags.addMcpServer({
      name: name.trim(),
      url: url.trim(),
      ...(secret_path !== '' && { secret_path }),
    });
    onAdded();
    // What comes of it stands on the page, a failure too.
    await ags.lookAtMcpServer(name.trim());
    onAdded();
  };
  return (
    <FormDialog
      title="Front an MCP server"
      description="Its tools then go through the gate, with a credential that no agent sees. None is offered before a person has pinned it."
      confirm="Register it"
      ready={name.trim() !== '' && url.trim() !== ''}
      onClose={onClose}
      onSubmit={add}
    >
      <TextField
        label="Name"
        placeholder="tracker"
        maxLength={39}
        required
        value={name}
        onChange={setName}
        description="Agents see its tools as name__tool."
      />
      <TextField
        label="Address"
        type="url"
        placeholder="https://mcp.example.com/mcp"
        maxLength={500}
        required
        value={url}
        onChange={setUrl}
        description="Streamable HTTP, on a host that the deployment may reach."
      />
      <TextField
        label="Path of its credential in Vault"
        placeholder="tier1/mcp/tracker"
        maxLength={200}
        value={path}
        onChange={setPath}
        description="Where the field “token” lies below the tenant’s own path. Empty: it needs none."
      />
    </FormDialog>
  );
}
