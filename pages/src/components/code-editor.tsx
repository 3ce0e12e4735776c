import { Textarea } from '@cloudflare/kumo/components/input';
import type { Ref } from 'react';

interface Props {
  label: string;
  value: string;
  onChange(value: string): void;
  rows?: number;
  ref?: Ref<HTMLTextAreaElement>;
}

/** Pixels of a line of the editor: `leading-5`. */
export const LINE = 20;

/** Plain text that is code: no wrapping, no spelling, one width for every letter. */
export const CodeEditor = ({ label, value, onChange, rows = 14, ref }: Props) => (
  <Textarea
    ref={ref}
    label={label}
    className="w-full overflow-x-auto font-mono text-xs leading-5 whitespace-pre"
    rows={rows}
    spellCheck={false}
    autoCapitalize="off"
    autoComplete="off"
    value={value}
    onValueChange={onChange}
  />
);
