import { InvalidArgumentError, Option } from 'commander';

/** One declared option; `T` is what the handler gets. */
export interface OptionSpec<T> {
  option: () => Option;
  /** What the handler gets when the option is not given. */
  absent?: T;
  /** Never read; carries the type. */
  readonly type?: T;
}
export type OptionSpecs = Record<string, OptionSpec<unknown>>;
export type OptionValues<O extends OptionSpecs> = {
  [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never;
};

export const flag = (flags: string, description: string): OptionSpec<boolean> => ({
  option: () => new Option(flags, description),
  absent: false,
});

export const text = (flags: string, description: string): OptionSpec<string | undefined> => ({
  option: () => new Option(flags, description),
});

export const repeated = (flags: string, description: string): OptionSpec<string[]> => ({
  option: () =>
    new Option(flags, description).argParser((raw: string, previous: string[] | undefined) => [
      ...(previous ?? []),
      raw,
    ]),
  absent: [],
});

export const choice = <const C extends readonly string[]>(
  flags: string,
  description: string,
  choices: C,
): OptionSpec<C[number] | undefined> => ({ option: () => new Option(flags, description).choices(choices) });

export const integer = (
  flags: string,
  description: string,
  { min, max }: { min: number; max: number },
): OptionSpec<number | undefined> => ({
  option: () =>
    new Option(flags, description).argParser((raw: string) => {
      const number = Number(raw);
      if (/^\d+$/.test(raw) && number >= min && number <= max) return number;
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }),
});
