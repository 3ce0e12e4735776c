import type { Client, KillResult } from '#client/index.ts';
import type { Context } from '../../context.ts';
import { usageError } from '../../exit.ts';
import { text } from '../../options.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb, type Verb } from '../../verb.ts';
import { whichArgument, whichPipeline } from '../pipeline/which.ts';

interface Scope {
  scope: 'agent' | 'pipeline' | 'project' | 'tenant' | 'system';
  summary: string;
  argument: readonly [string, string] | null;
  example: string;
  /** What is stopped, from what the person wrote. */
  id(client: Client, given: string): Promise<string>;
}

/** A project by its id or its name. */
async function whichProject(client: Client, given: string): Promise<string> {
  const { items } = await client.projects();
  const found = items.find((p) => p.project_id === given || p.name === given);
  if (!found) throw usageError(`There is no project ${JSON.stringify(given)}`, 'ags stop list');
  return found.project_id;
}

/** ENF-6, widest last: each stops everything that the ones before it would. */
const SCOPES: readonly Scope[] = [
  {
    scope: 'agent',
    summary: 'Stop one agent now; its pipeline goes on without it',
    argument: ['<agent>', 'ag_…, as `ags pipeline show` lists it'],
    example: 'ags stop agent ag_… --reason "asks for what it should not"',
    id: async (_client, given) => given,
  },
  {
    scope: 'pipeline',
    summary: 'Stop a pipeline now: FAILED, exit code 1, no successor',
    argument: whichArgument,
    example: 'ags stop pipeline last --reason "touches the wrong account"',
    id: whichPipeline,
  },
  {
    scope: 'project',
    summary: 'Stop every pipeline of a project, and let none start',
    argument: ['<project>', 'its id or its name'],
    example: 'ags stop project default --reason "the plan was wrong"',
    id: whichProject,
  },
  {
    scope: 'tenant',
    summary: 'Stop every pipeline of the tenant, and let none start',
    argument: null,
    example: 'ags stop tenant --reason "a key has leaked"',
    id: async (client) => (await client.whoami()).tenant,
  },
  {
    scope: 'system',
    summary: 'Stop everything in every tenant (the platform admin’s key)',
    argument: null,
    example: 'ags stop all --reason "Vault is compromised"',
    id: async () => 'system',
  },
];

function show(context: Context, result: KillResult): void {
  const { style } = context.out;
  const { scope, id, kill_id, effective_at, in_flight, unacknowledged } = result;
  const what = scope === 'system' ? 'everything' : scope === 'tenant' ? `tenant ${id}` : id;
  context.emit(result, () => [
    unacknowledged.length === 0
      ? `${style.good('✔')} Stopped ${what}: nothing more is authorised since ${style.strong(effective_at)}.`
      : `${style.caution('!')} Stopping ${what}: nothing more is authorised from ${style.strong(effective_at)} at the latest.`,
    ...unacknowledged.map((name) => `  ${style.caution('not heard of yet')} ${name}`),
    ...in_flight.map(
      (a) =>
        `  ${style.caution('in flight')} ${printable(a.tool)} on ${printable(a.target) || 'no target'} (${a.action_id}), let through ${a.admitted_at}`,
    ),
    `Lift it with: ags lift ${kill_id}`,
  ]);
}

export const throwVerbs: Verb[] = SCOPES.map(({ scope, summary, argument, example, id }) =>
  defineVerb({
    path: ['stop', scope === 'system' ? 'all' : scope],
    summary,
    description: `${summary}. Tokens are revoked in Vault; the answer names what was already let through. It stands until a person lifts it.`,
    arguments: argument ? [argument] : [],
    options: { reason: text('--reason <text>', 'why, for the record') },
    examples: [example],
    async handler(context, [given], { reason }) {
      if (reason === undefined) throw usageError('Why? Give --reason; it goes on record.');
      const client = context.client();
      show(context, await client.throwKillSwitch({ scope, id: await id(client, given ?? ''), reason }));
    },
  }),
);
