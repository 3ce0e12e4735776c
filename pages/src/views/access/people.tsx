import { Button } from '@cloudflare/kumo/components/button';
import { PlusIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { Project, Subject } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { Choices } from '../../components/choices.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { TextField } from '../../components/text-field.tsx';
import { dateTime } from '../../models/format.ts';
import { Listed } from './listed.tsx';
import type { Access } from './use-access.ts';

interface Props {
  access: Access;
  onChanged(): void;
}

const KINDS = { person: 'A person', service: 'A service' } as const;

const PEOPLE: Column<Subject>[] = [
  { title: 'Name', cell: (s) => <span className="font-medium">{s.name}</span> },
  { title: 'Kind', cell: (s) => s.kind },
  { title: 'E-mail', cell: (s) => s.email ?? '–' },
  { title: 'Id', cell: (s) => <span className="font-mono text-xs">{s.subject_id}</span> },
  { title: 'Added', cell: (s) => dateTime(s.created_at) },
];

const PROJECTS: Column<Project>[] = [
  { title: 'Name', cell: (p) => <span className="font-medium">{p.name}</span> },
  { title: 'Id', cell: (p) => <span className="font-mono text-xs">{p.project_id}</span> },
  { title: 'Added', cell: (p) => dateTime(p.created_at) },
];

function NewPerson({ onClose, onChanged }: { onClose(): void; onChanged(): void }) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [kind, setKind] = useState<keyof typeof KINDS>('person');
  const create = async () => {
    await ags.createPerson({ name: name.trim(), kind, ...(email.trim() && { email: email.trim() }) });
    onChanged();
  };
  return (
    <FormDialog
      title="Add a person or a service"
      description="Keys and sessions belong to somebody. Only persons approve, accept partial results and lift kill switches."
      confirm="Add"
      ready={name.trim() !== ''}
      onClose={onClose}
      onSubmit={create}
    >
      <div>
        <Choices label="Kind" options={KINDS} value={kind} onChange={setKind} />
      </div>
      <TextField label="Name" maxLength={120} required value={name} onChange={setName} />
      <TextField label="E-mail (optional)" type="email" maxLength={200} value={email} onChange={setEmail} />
    </FormDialog>
  );
}

/** TEN-5. */
export function People({ access, onChanged }: Props) {
  const caller = useCaller();
  const [adding, setAdding] = useState(false);
  return (
    <Listed
      id="people"
      title="People and services"
      action={
        caller.role === 'admin' && (
          <Button icon={PlusIcon} onClick={() => setAdding(true)}>
            Add
          </Button>
        )
      }
    >
      <DataTable
        label="People and services"
        columns={PEOPLE}
        rows={access.people}
        keyOf={(s) => s.subject_id}
        empty="Nobody yet."
      />
      {adding && <NewPerson onClose={() => setAdding(false)} onChanged={onChanged} />}
    </Listed>
  );
}

function NewProject({ onClose, onChanged }: { onClose(): void; onChanged(): void }) {
  const [name, setName] = useState('');
  const create = async () => {
    await ags.createProject(name.trim());
    onChanged();
  };
  return (
    <FormDialog
      title="Add a project"
      description="Plans, pipelines and keys can be limited to a project."
      confirm="Add the project"
      ready={name.trim() !== ''}
      onClose={onClose}
      onSubmit={create}
    >
      <TextField label="Name" maxLength={120} required value={name} onChange={setName} />
    </FormDialog>
  );
}

/** TEN-1. */
export function Projects({ access, onChanged }: Props) {
  const caller = useCaller();
  const [adding, setAdding] = useState(false);
  return (
    <Listed
      id="projects"
      title="Projects"
      action={
        caller.role === 'admin' && (
          <Button icon={PlusIcon} onClick={() => setAdding(true)}>
            Add a project
          </Button>
        )
      }
    >
      <DataTable
        label="Projects"
        columns={PROJECTS}
        rows={access.projects}
        keyOf={(p) => p.project_id}
        empty="No project yet."
      />
      {adding && <NewProject onClose={() => setAdding(false)} onChanged={onChanged} />}
    </Listed>
  );
}
