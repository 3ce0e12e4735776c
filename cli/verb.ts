import type { Context } from './context.ts';
import type { ExitCode } from './exit.ts';
import type { OptionSpecs, OptionValues } from './options.ts';

/** A verb as declared: its words, its help, and what it does. */
export interface Verb {
  /** `['pipeline', 'show']`, or one word for a verb of its own. */
  path: readonly string[];
  summary: string;
  /** Longer help, below the summary. */
  description?: string;
  /** Names with their help, in order: `<plan>` is required, `[pipeline]` is not. */
  arguments: readonly (readonly [name: string, help: string])[];
  options: OptionSpecs;
  examples: readonly string[];
  run(context: Context, args: string[], options: Record<string, unknown>): Promise<ExitCode>;
}

/** Declares a verb; the handler's options are typed from their declaration. No answer means exit code 0. */
export function defineVerb<const O extends OptionSpecs = Record<never, never>>(verb: {
  path: readonly string[];
  summary: string;
  description?: string;
  arguments?: readonly (readonly [name: string, help: string])[];
  options?: O;
  examples: readonly string[];
  handler: (context: Context, args: string[], options: OptionValues<O>) => Promise<ExitCode | undefined>;
}): Verb {
  const { handler, ...declared } = verb;
  return {
    arguments: [],
    ...declared,
    options: declared.options ?? {},
    run: async (context, args, options) => (await handler(context, args, options as OptionValues<O>)) ?? 0,
  };
}
