import * as z from 'zod';
import type { Caller } from '#contract/access.ts';
import {
  LedgerExportQuery,
  LedgerPage,
  LedgerQuery,
  LedgerStatus,
  ReconcileResult,
} from '#contract/ledger.ts';
import {
  EXPORT_TYPES,
  exportLedger,
  ledgerStatus,
  queryLedger,
  reconcileDeps,
  reconcileTenant,
  type Sight,
} from '#workers/ledger/index.ts';
import { endpoint, json } from '../endpoint.ts';
import { fromLedger } from '../scope.ts';

/** The tenant's own log is for those who may list people and keys, and a key for some projects sees those alone. */
const sightOf = ({ tenant, project_ids, role }: Caller): Sight => ({
  tenant,
  project_ids,
  administration: project_ids === null && (role === 'admin' || role === 'auditor'),
});

export const ledger = [
  endpoint('GET /api/ledger', {
    summary: 'Events of all pipelines and of the tenant’s own log, newest first; full text with `q` (LEDG-4)',
    query: LedgerQuery,
    answers: { 200: LedgerPage },
    problems: ['ledger_unavailable'],
    handle: async (asked) =>
      json(
        200,
        await fromLedger(asked, () => queryLedger(asked.env.LEDGER, sightOf(asked.caller), asked.query)),
      ),
  }),
  endpoint('GET /api/ledger/export', {
    summary: 'The same, oldest first, as CSV or JSON Lines, streamed (LEDG-4)',
    query: LedgerExportQuery,
    answers: { 200: null },
    problems: ['ledger_unavailable'],
    async handle(asked) {
      const { caller, query, env } = asked;
      const body = await fromLedger(asked, () => exportLedger(env.LEDGER, sightOf(caller), query));
      return new Response(body, {
        headers: {
          'content-type': EXPORT_TYPES[query.format],
          'content-disposition': `attachment; filename="ledger-${caller.tenant}.${query.format}"`,
          'cache-control': 'no-store',
        },
      });
    },
  }),
  endpoint('GET /api/ledger/status', {
    summary: 'Does the ledger still agree with the objects that it copies? (LEDG-1)',
    query: z.strictObject({}),
    answers: { 200: LedgerStatus },
    problems: ['ledger_unavailable'],
    handle: async (asked) =>
      json(200, await fromLedger(asked, () => ledgerStatus(asked.env.LEDGER, asked.caller.tenant))),
  }),
  endpoint('POST /api/ledger/reconcile', {
    summary: 'Compare the next logs with their copies now, and write what is missing (LEDG-1)',
    body: z.strictObject({}),
    answers: { 200: ReconcileResult },
    problems: ['ledger_unavailable'],
    handle: async (asked) =>
      json(
        200,
        await fromLedger(asked, () =>
          reconcileTenant(reconcileDeps(asked.env, asked.log), asked.caller.tenant),
        ),
      ),
  }),
];
