import { Input } from '@cloudflare/kumo/components/input';
import type { ComponentProps } from 'react';

type Props = Omit<ComponentProps<typeof Input>, 'value' | 'onChange' | 'className'> & {
  value: string;
  onChange(text: string): void;
};

/** A line of text in a form, as wide as the form. */
export const TextField = ({ onChange, ...input }: Props) => (
  <Input {...input} className="w-full" onChange={(e) => onChange(e.target.value)} />
);
