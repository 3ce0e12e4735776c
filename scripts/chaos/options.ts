import { parseArgs } from 'node:util';

export interface ChaosOptions {
  /** How often everything is killed. */
  kills: number;
  /** How many pipelines are kept in the air. */
  pipelines: number;
  /** Decides the moments of the kills and what each pipeline is like. */
  seed: number;
  /** After this many minutes no more is killed: what is under way comes to its end and the report follows. 0: no limit. */
  minutes: number;
}

export class BadOption extends Error {}

export const HELP = `npm run chaos -- [--kills 50] [--pipelines 6] [--seed N] [--minutes 20]

Kills the local system with SIGKILL at random moments under a load of pipelines, starts it again on the same state, and says what
was lost (which must be nothing) and how long recovery took. Uses a folder and ports of its own. After so many minutes it kills no more
and comes to its end (0: no limit); Ctrl-C stops at once. Either way it reports what it knows.`;

/** Throws {@link BadOption}; null: help was asked for. */
export function parseOptions(args: string[]): ChaosOptions | null {
  const string = { type: 'string' } as const;
  let values: { kills?: string; pipelines?: string; seed?: string; minutes?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args,
      options: { kills: string, pipelines: string, seed: string, minutes: string, help: { type: 'boolean' } },
    }));
  } catch (error) {
    throw new BadOption(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return null;
  const whole = (
    name: 'kills' | 'pipelines' | 'seed' | 'minutes',
    fallback: number,
    min: number,
    max: number,
  ): number => {
    const value = Number(values[name] ?? fallback);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new BadOption(`--${name} is a whole number from ${min} to ${max}`);
    }
    return value;
  };
  return {
    kills: whole('kills', 50, 0, 10_000),
    // A tenant may have 100 live ones, and successors count too.
    pipelines: whole('pipelines', 6, 1, 50),
    minutes: whole('minutes', 20, 0, 10_000),
    seed: whole('seed', Date.now() % 1_000_000, 0, 2 ** 31),
  };
}
