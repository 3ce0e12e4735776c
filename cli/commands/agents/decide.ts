import type { AgentIdentity, Client } from '#client/index.ts';
import type { Context } from '../../context.ts';
import { usageError } from '../../exit.ts';
import { flag, integer, text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { identityLines } from '../../views/identity.ts';

const which = ['<agent>', 'aid_…, as `ags agents list` shows it'] as const;
const reason = text('--reason <text>', 'why, for the record');
const tier = integer('--tier <n>', '0 observer, 1 executor, 2 operator', { min: 0, max: 2 });
type TierNumber = 0 | 1 | 2;

async function decide(
  context: Context,
  why: string | undefined,
  act: (client: Client, why: string) => Promise<AgentIdentity>,
): Promise<undefined> {
  if (why === undefined) throw usageError('Why? Give --reason; it goes on record.');
  const agent = await act(context.client(), why);
  context.emit(agent, () => identityLines(agent, context.out.style));
}

const tierOf = (given: number | undefined): TierNumber => {
  if (given === undefined) throw usageError('Which tier? Give --tier 0, 1 or 2.');
  return given as TierNumber;
};

export const promote = defineVerb({
  path: ['agents', 'promote'],
  summary: 'Give an agent the next tier, which it has earned; persons only',
  arguments: [which],
  options: { reason },
  examples: ['ags agents promote aid_… --reason "ten clean runs, reviewed"'],
  handler: (context, [id], values) =>
    decide(context, values.reason, (client, why) => client.promoteAgent(id!, why)),
});

export const demote = defineVerb({
  path: ['agents', 'demote'],
  summary: 'Take a tier away from an agent, or suspend it',
  arguments: [which],
  options: { tier, suspend: flag('--suspend', 'it does not run until a tier is granted'), reason },
  examples: ['ags agents demote aid_… --tier 0 --suspend --reason "under review"'],
  handler: (context, [id], values) =>
    decide(context, values.reason, (client, why) =>
      client.demoteAgent(id!, { tier: tierOf(values.tier), suspend: values.suspend, reason: why }),
    ),
});

export const grant = defineVerb({
  path: ['agents', 'grant'],
  summary: 'Grant an agent a start tier, earned or not; lifts a suspension; persons only',
  arguments: [which],
  options: { tier, reason },
  examples: ['ags agents grant aid_… --tier 1 --reason "same model, new version of the prompt"'],
  handler: (context, [id], values) =>
    decide(context, values.reason, (client, why) =>
      client.grantTier(id!, { tier: tierOf(values.tier), reason: why }),
    ),
});
