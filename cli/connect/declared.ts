import type { RegisterAgentRequest } from '#client/index.ts';
import { usageError } from '../exit.ts';

type Declared = NonNullable<RegisterAgentRequest['tools']>[number];

/** GOV-1: what `--tool name=words` says, word by word. */
const WORDS: Readonly<Record<string, Omit<Declared, 'name'>>> = {
  reads: { acts: false },
  reversible: { irreversible: false },
  irreversible: { irreversible: true },
  idempotent: { effect: 'idempotent' },
  internal: { external: false },
  tier0: { min_tier: 0 },
  tier1: { min_tier: 1 },
  tier2: { min_tier: 2 },
};

export const DECLARED_HELP = `one of its own tools and what it does: ${Object.keys(WORDS).join(', ')}, with commas; may stand several times`;

/** @throws a usage error that names the word which is none. */
export function declaredBy(option: string): Declared {
  const [name = '', said = ''] = option.split(/=(.*)/s);
  const words = said.split(',').filter((word) => word !== '');
  if (name === '' || words.length === 0)
    throw usageError(
      `${JSON.stringify(option)} does not say what a tool does`,
      'For example: --tool restart_service=reversible --tool read_metrics=reads',
    );
  const unknown = words.find((word) => !Object.hasOwn(WORDS, word));
  if (unknown !== undefined) throw usageError(`${unknown} is not one of ${Object.keys(WORDS).join(', ')}`);
  return Object.assign({ name }, ...words.map((word) => WORDS[word])) as Declared;
}
