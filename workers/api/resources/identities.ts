import * as z from 'zod';
import {
  AgentIdentityStory,
  AgentIdentityView,
  DemoteRequest,
  GrantRequest,
  PromoteRequest,
} from '#contract/identities.ts';
import { page } from '#contract/primitives.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { type Asked, all, endpoint, json } from '../endpoint.ts';
import { ProblemError } from '../problem.ts';
import { controlOf, must } from '../scope.ts';

const idOf = ({ params }: Asked): string => params.identity_id ?? '';

/** TEN-5: authority over agents is a person's to give. */
function requirePerson({ caller }: Asked): void {
  if (caller.subject_kind !== 'person')
    throw new ProblemError('person_needed', 'Only a person raises what an agent may do.');
}

export const identities = [
  endpoint('GET /api/agent-identities', {
    summary:
      'Agents by template, prompt, tools and model, the tier that each has earned, and what it lacks (PROM-1)',
    query: z.strictObject({}),
    answers: { 200: page(AgentIdentityView) },
    handle: async (asked) => json(200, all(await controlOf(asked).listIdentities())),
  }),
  endpoint('GET /api/agent-identities/{identity_id}', {
    summary: 'One agent: its runs, and every change of its tier with the runs that justify it (PROM-2)',
    query: z.strictObject({}),
    answers: { 200: AgentIdentityStory },
    problems: ['not_found'],
    handle: async (asked) => json(200, must(await controlOf(asked).readIdentity(idOf(asked)))),
  }),
  endpoint('POST /api/agent-identities/{identity_id}/promote', {
    summary: 'Give an agent the next tier, which it has earned; T2 always takes this (PROM-1)',
    body: PromoteRequest,
    answers: { 200: AgentIdentityView },
    problems: ['not_found', 'not_earned', 'person_needed'],
    async handle(asked) {
      requirePerson(asked);
      const { caller, body } = asked;
      return json(200, must(await controlOf(asked).promoteAgent(actorOf(caller), idOf(asked), body.reason)));
    },
  }),
  endpoint('POST /api/agent-identities/{identity_id}/demote', {
    summary: 'Take a tier away from an agent, or suspend it (PROM-2)',
    body: DemoteRequest,
    answers: { 200: AgentIdentityView },
    problems: ['not_found', 'not_earned'],
    async handle(asked) {
      const { caller, body } = asked;
      const { tier, suspend = false, reason } = body;
      const done = await controlOf(asked).demoteAgent(actorOf(caller), idOf(asked), {
        tier,
        suspend,
        reason,
      });
      return json(200, must(done));
    },
  }),
  endpoint('POST /api/agent-identities/{identity_id}/grant', {
    summary: 'Grant an agent a start tier, earned or not, and lift a suspension; it is on record (PROM-1)',
    body: GrantRequest,
    answers: { 200: AgentIdentityView },
    problems: ['not_found', 'person_needed'],
    async handle(asked) {
      requirePerson(asked);
      return json(
        200,
        must(await controlOf(asked).grantTier(actorOf(asked.caller), idOf(asked), asked.body)),
      );
    },
  }),
];
