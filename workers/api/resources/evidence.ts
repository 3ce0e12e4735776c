import * as z from 'zod';
import { OfPipeline } from '#contract/requests.ts';
import { writeEvidence } from '#domain/ledger/evidence/assemble.ts';
import { evidenceSource } from '#workers/ledger/index.ts';
import { policiesInForce } from '#workers/retention/index.ts';
import { archivedFile } from '../archived.ts';
import { endpoint } from '../endpoint.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { controlOf, logOf, pipelineOf } from '../scope.ts';

/** Pieces of the file as a body; nothing is read ahead of whoever downloads. A piece that fails cuts the connection, so that no half file passes for a whole. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

export const evidence = [
  endpoint('GET /api/pipeline/evidence', {
    summary: 'The evidence package of an ended pipeline, as one file (LEDG-3)',
    query: OfPipeline,
    answers: { 200: z.unknown().describe('docs/evidence.md says what it holds, byte for byte') },
    problems: ['not_found', 'wrong_state', 'evidence_conflict', 'archive_unavailable'],
    async handle(asked) {
      const { pipeline_id } = asked.query;
      const source = await evidenceSource(asked.caller.tenant, {
        pipeline: await pipelineOf(asked, pipeline_id),
        log: logOf(asked),
        ledger: asked.config.ledger,
        policies: policiesInForce(asked.env, asked.config, controlOf(asked)),
        now: new Date().toISOString(),
      });
      if (!source.ok) {
        const archive =
          source.error.code === 'archived' ? await controlOf(asked).archiveOf(pipeline_id) : null;
        if (archive) return archivedFile(asked, archive.object_key, `${pipeline_id}.evidence.json`);
        if (source.error.code !== 'evidence_conflict') throw problemOf(source.error);
        asked.log('error', 'integrity alarm: the log and the pipeline differ', { pipeline_id });
        throw new ProblemError('evidence_conflict', source.error.detail);
      }
      return new Response(streamOf(writeEvidence(source.value)), {
        headers: {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          'content-disposition': `attachment; filename="${pipeline_id}.evidence.json"`,
        },
      });
    },
  }),
];
