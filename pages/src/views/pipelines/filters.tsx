import { Input } from '@cloudflare/kumo/components/input';
import { Select } from '@cloudflare/kumo/components/select';
import { PIPELINE_STATES } from '#domain/pipeline/states.ts';
import { Choices } from '../../components/choices.tsx';
import type { ListFilter, Show } from '../../models/pipeline-list.ts';

const LABELS: Record<Show, string> = { all: 'All', needs: 'Needs you', live: 'Live', ended: 'Ended' };
const ANY = 'ANY';

interface Props {
  filter: ListFilter;
  counts: Record<Show, number>;
  onChange(change: Partial<ListFilter>): void;
}

export function Filters({ filter, counts, onChange }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Choices
        label="Which pipelines"
        options={LABELS}
        counts={counts}
        value={filter.show}
        onChange={(show) => onChange({ show })}
      />
      <div className="min-w-48 flex-1">
        <Input
          type="search"
          aria-label="Search pipelines"
          placeholder="Search plan, objective, verdict, id…"
          className="w-full"
          value={filter.text}
          onChange={(e) => onChange({ text: e.target.value })}
        />
      </div>
      <div className="w-full sm:w-48">
        <Select
          aria-label="State"
          className="w-full"
          value={filter.state || ANY}
          onValueChange={(state) => onChange({ state: !state || state === ANY ? '' : String(state) })}
          items={{ [ANY]: 'Every state', ...Object.fromEntries(PIPELINE_STATES.map((s) => [s, s])) }}
        />
      </div>
    </div>
  );
}
