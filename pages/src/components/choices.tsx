import { useId } from 'react';
import { exact } from '../models/format.ts';

interface Props<T extends string> {
  label: string;
  options: Record<T, string>;
  value: T;
  onChange(value: NoInfer<T>): void;
  /** Shown after each label. */
  counts?: Partial<Record<T, number>>;
}

/** A few views of the same list, one of which is shown. */
export function Choices<T extends string>({ label, options, value, onChange, counts }: Props<T>) {
  const name = useId();
  return (
    <fieldset className="inline-flex flex-wrap rounded-lg bg-kumo-fill p-1">
      <legend className="sr-only">{label}</legend>
      {(Object.keys(options) as T[]).map((option) => (
        <label
          key={option}
          className="cursor-pointer rounded-md px-3 py-1 text-sm font-medium text-kumo-subtle has-checked:bg-kumo-base has-checked:text-kumo-strong has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-kumo-brand"
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={value === option}
            onChange={() => onChange(option)}
          />
          {options[option]}
          {counts?.[option] !== undefined && (
            <span className="font-normal tabular"> {exact(counts[option])}</span>
          )}
        </label>
      ))}
    </fieldset>
  );
}
