import { BugPage, BugsQuery, ViolationPage, ViolationsQuery } from '#contract/enforcement.ts';
import { queryBugs, queryViolations } from '#workers/ledger/index.ts';
import { endpoint, json } from '../endpoint.ts';
import { problemOf } from '../problem.ts';
import { fromLedger, inScope } from '../scope.ts';

export const violations = [
  endpoint('GET /api/violations', {
    summary: 'Rules that were broken: which, how gravely, by whom, the evidence and what followed (ENF-7)',
    query: ViolationsQuery,
    answers: { 200: ViolationPage },
    problems: ['ledger_unavailable', 'not_found'],
    async handle(asked) {
      const { caller, query, env } = asked;
      if (query.project_id !== undefined && !inScope(caller, query.project_id))
        throw problemOf({ code: 'not_found', what: `project ${query.project_id}` });
      return json(
        200,
        await fromLedger(asked, () => queryViolations(env.LEDGER, caller.tenant, caller.project_ids, query)),
      );
    },
  }),
  endpoint('GET /api/bugs', {
    summary: 'Defects that agents and diagnoses of stopped runs logged (BUG-1, ENF-1)',
    query: BugsQuery,
    answers: { 200: BugPage },
    problems: ['ledger_unavailable'],
    async handle(asked) {
      const { caller, query, env } = asked;
      return json(
        200,
        await fromLedger(asked, () => queryBugs(env.LEDGER, caller.tenant, caller.project_ids, query)),
      );
    },
  }),
];
