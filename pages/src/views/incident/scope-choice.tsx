import type { StopChoice } from '../../models/stop.ts';

interface Props {
  choices: readonly StopChoice[];
  scope: StopChoice['scope'] | null;
  onChange(scope: StopChoice['scope']): void;
}

/** ENF-6: how far a stop reaches, with what each does and why some cannot be chosen. */
export function ScopeChoice({ choices, scope, onChange }: Props) {
  return (
    <fieldset className="mt-4">
      <legend className="mb-1 font-medium">What to stop</legend>
      <div className="overflow-hidden rounded-lg border border-kumo-line">
        {choices.map((c) => (
          <label
            key={c.scope}
            className="flex cursor-pointer gap-3 border-t border-kumo-line p-3 first:border-t-0 has-checked:bg-kumo-danger-tint has-disabled:cursor-default"
          >
            <input
              type="radio"
              name="scope"
              className="mt-1 size-4 shrink-0 accent-kumo-danger"
              checked={scope === c.scope}
              disabled={c.whyNot !== null}
              onChange={() => onChange(c.scope)}
            />
            <span className="min-w-0">
              <span className="block font-medium break-words">{c.label}</span>
              <span className="block text-sm text-kumo-subtle">{c.whyNot ?? c.does}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
