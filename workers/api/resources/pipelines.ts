import * as z from 'zod';
import { PipelinePage } from '#contract/pipeline.ts';
import { NumberCursor } from '#contract/primitives.ts';
import { ActivePipelinesQuery, PipelinesQuery } from '#contract/requests.ts';
import { FEED_URL } from '#objects/tenant/index.ts';
import { queryPipelines } from '#workers/ledger/index.ts';
import { endpoint, json } from '../endpoint.ts';
import { feedOf, fromLedger, inScope } from '../scope.ts';
import { openStream, requireStream } from '../upgrade.ts';

const DEFAULT_LIMIT = 50;

export const pipelines = [
  endpoint('GET /api/active-pipelines', {
    summary: 'Live pipelines, newest first; needs no ledger',
    query: ActivePipelinesQuery.extend({ cursor: NumberCursor.optional() }),
    answers: { 200: PipelinePage },
    async handle(asked) {
      const { limit = DEFAULT_LIMIT, cursor = null, ...filter } = asked.query;
      const { project_ids } = asked.caller;
      return json(200, await feedOf(asked).list({ ...filter, project_ids, limit, cursor, ended: false }));
    },
  }),
  endpoint('GET /api/pipelines', {
    summary: 'All pipelines, live and ended, from the ledger’s index',
    query: PipelinesQuery,
    answers: { 200: PipelinePage },
    problems: ['ledger_unavailable'],
    async handle(asked) {
      const { caller, query, env } = asked;
      // A key for one project asks for it; for several, pages may be shorter than asked, never wider than allowed.
      const [only, ...others] = caller.project_ids ?? [];
      const project_id = query.project_id ?? (others.length === 0 ? only : undefined);
      const found = await fromLedger(asked, () =>
        queryPipelines(env.LEDGER, caller.tenant, { ...query, project_id }),
      );
      return json(200, { ...found, items: found.items.filter((p) => inScope(caller, p.project_id)) });
    },
  }),
  endpoint('GET /api/stream', {
    summary: 'WebSocket or server-sent events: the live list once, then its changes (API-3)',
    stream: true,
    query: z.strictObject({}),
    answers: { 101: null },
    problems: ['upgrade_required'],
    handle(asked) {
      requireStream(asked.request);
      const url = new URL(FEED_URL);
      const { project_ids } = asked.caller;
      if (project_ids !== null) url.searchParams.set('project_ids', project_ids.join(','));
      const feed = feedOf(asked);
      return openStream(asked.request, (request) => feed.fetch(request), url);
    },
  }),
];
