import * as z from 'zod';
import { type Archive, ArchivedDocuments, ArchivePage, ArchivesQuery } from '#contract/archives.ts';
import type { ArchiveRecord } from '#objects/tenant/rpc.ts';
import { archivedFile } from '../archived.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { problemOf } from '../problem.ts';
import { controlOf, inScope } from '../scope.ts';

const shown = ({ object_key: _, documents_key, documents_sha256: __, ...rest }: ArchiveRecord): Archive => ({
  ...rest,
  documents: documents_key !== null,
});

async function archiveOf(asked: Asked): Promise<ArchiveRecord> {
  const id = asked.params.pipeline_id ?? '';
  const found = await controlOf(asked).archiveOf(id);
  if (!found || !inScope(asked.caller, found.project_id))
    throw problemOf({ code: 'not_found', what: `archive of the pipeline ${id}` });
  return found;
}

const LIMIT = 50;

export const archives = [
  endpoint('GET /api/archives', {
    summary: 'Pipelines that are older than the tenant keeps them, newest number first (LEDG-5)',
    query: ArchivesQuery,
    answers: { 200: ArchivePage },
    async handle(asked) {
      const { limit = LIMIT, cursor } = asked.query;
      const found = await controlOf(asked).listArchives({
        before: cursor === undefined ? null : Number(cursor),
        limit: limit + 1,
        project_ids: asked.caller.project_ids,
      });
      const items = found.slice(0, limit).map(shown);
      const last = items.at(-1);
      return json(200, { items, next_cursor: found.length > limit && last ? String(last.number) : null });
    },
  }),
  endpoint('GET /api/archives/{pipeline_id}', {
    summary: 'The archived evidence package, as one file that verifies (LEDG-5)',
    answers: { 200: z.unknown().describe('docs/evidence.md says what it holds, byte for byte') },
    problems: ['not_found', 'archive_unavailable'],
    async handle(asked) {
      const { object_key, pipeline_id } = await archiveOf(asked);
      return archivedFile(asked, object_key, `${pipeline_id}.evidence.json`);
    },
  }),
  endpoint('GET /api/archives/{pipeline_id}/documents', {
    summary: 'Texts of the archived pipeline’s context documents, by their hash (LEDG-5)',
    answers: { 200: ArchivedDocuments },
    problems: ['not_found', 'archive_unavailable'],
    async handle(asked) {
      const { documents_key, pipeline_id } = await archiveOf(asked);
      if (documents_key === null) return json(200, {});
      return archivedFile(asked, documents_key, `${pipeline_id}.documents.json`);
    },
  }),
];
