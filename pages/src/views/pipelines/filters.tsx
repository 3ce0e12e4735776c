import { Input } from '@cloudflare/kumo/components/input';
import { Select } from '@cloudflare/kumo/components/select';
import { PIPELINE_STATES } from '#domain/pipeline/states.ts';
import { exact } from '../../models/format.ts';
import { type ListFilter, SHOWS, type Show } from '../../models/pipeline-list.ts';

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
      <fieldset className="flex flex-wrap rounded-lg bg-kumo-fill p-1">
        <legend className="sr-only">Which pipelines</legend>
        {SHOWS.map((show) => (
          <label
            key={show}
            className="cursor-pointer rounded-md px-3 py-1 text-sm font-medium text-kumo-subtle has-checked:bg-kumo-base has-checked:text-kumo-strong has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-kumo-brand"
          >
            <input
              type="radio"
              name="show"
              className="sr-only"
              checked={filter.show === show}
              onChange={() => onChange({ show })}
            />
            {LABELS[show]} <span className="tabular font-normal">{exact(counts[show])}</span>
          </label>
        ))}
      </fieldset>
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
