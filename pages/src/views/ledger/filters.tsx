import { Button } from '@cloudflare/kumo/components/button';
import { Input } from '@cloudflare/kumo/components/input';
import { Select } from '@cloudflare/kumo/components/select';
import { type FormEvent, useState } from 'react';
import { SEVERITIES } from '#domain/governance/severity.ts';
import type { LedgerFilter } from '../../models/ledger.ts';

const ANY = 'ANY';
const SEVERITY_ITEMS = { [ANY]: 'Any severity', ...Object.fromEntries(SEVERITIES.map((s) => [s, s])) };

interface Props {
  filter: LedgerFilter;
  onChange(filter: LedgerFilter): void;
}

/** LEDG-4: asked for by Enter or the button, because each question is a search of the whole ledger. */
export function LedgerFilters({ filter, onChange }: Props) {
  const [draft, setDraft] = useState(filter);
  const set = (name: keyof LedgerFilter) => (event: { target: { value: string } }) =>
    setDraft({ ...draft, [name]: event.target.value });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(draft);
  };
  return (
    <search>
      <form onSubmit={submit} className="panel grid gap-3 p-4 sm:grid-cols-2 lg:grid-cols-4">
        <div className="sm:col-span-2">
          <Input
            label="Words"
            type="search"
            placeholder="All of these words, whole"
            maxLength={200}
            className="w-full"
            value={draft.q}
            onChange={set('q')}
          />
        </div>
        <Input
          label="Type of event"
          placeholder="action_decided"
          className="w-full"
          value={draft.type}
          onChange={set('type')}
        />
        <Select
          label="Severity"
          className="w-full"
          value={draft.severity || ANY}
          onValueChange={(value) => setDraft({ ...draft, severity: value === ANY ? '' : String(value) })}
          items={SEVERITY_ITEMS}
        />
        <Input
          label="Pipeline"
          placeholder="pl_…"
          className="w-full"
          value={draft.pipeline_id}
          onChange={set('pipeline_id')}
        />
        <Input
          label="Agent"
          placeholder="ag_…"
          className="w-full"
          value={draft.agent_id}
          onChange={set('agent_id')}
        />
        <Input
          label="From (UTC)"
          type="date"
          className="w-full"
          value={draft.since}
          onChange={set('since')}
        />
        <Input label="To (UTC)" type="date" className="w-full" value={draft.until} onChange={set('until')} />
        <div className="flex gap-2 sm:col-span-2 lg:col-span-4">
          <Button type="submit" variant="primary">
            Search
          </Button>
          <Button
            onClick={() => {
              const empty = Object.fromEntries(
                Object.keys(draft).map((k) => [k, '']),
              ) as unknown as LedgerFilter;
              setDraft(empty);
              onChange(empty);
            }}
          >
            Clear
          </Button>
        </div>
      </form>
    </search>
  );
}
