import {
  logBug,
  queryLedger,
  readMemory,
  searchMemory,
  writeArtifact,
  writeMemory,
} from '#workers/ledger/index.ts';
import type { LedgerPort, MemoryPort, NotesPort } from './tools/tool.ts';

const HITS = 10;

/** An entry of another project is not there for this one; one without a project is the whole tenant's. */
export const memoryOf = (db: D1Database): MemoryPort => {
  const visible = (owner: string | null, project_id: string) => owner === null || owner === project_id;
  return {
    async search({ tenant, project_id, query }) {
      const found = await searchMemory(db, tenant, { q: query, limit: 50 });
      return found
        .filter((entry) => visible(entry.project_id, project_id))
        .slice(0, HITS)
        .map(({ memory_id, title, summary, snippet, origin }) => ({
          id: memory_id,
          title,
          summary,
          snippet,
          origin,
        }));
    },
    async read({ tenant, project_id, id }) {
      const entry = await readMemory(db, tenant, id);
      if (entry === null || !visible(entry.project_id, project_id)) return null;
      return { id, title: entry.title, text: entry.content, origin: entry.origin };
    },
  };
};

/** One tenant, one project: whatever a model asks for. The tenant's own log of people and keys is not for agents. */
export const ledgerOf = (db: D1Database): LedgerPort => ({
  async query({ tenant, project_id, ...filters }) {
    const sight = { tenant, project_ids: [project_id], administration: false };
    const { items } = await queryLedger(db, sight, filters as Parameters<typeof queryLedger>[2]);
    return items.map(({ pipeline_id, seq, at, type, actor, body }) => ({
      pipeline_id,
      seq,
      at,
      type,
      actor,
      body,
    }));
  },
});

const idOf = (prefix: string, action_id: string): string => `${prefix}_${action_id.slice('ac_'.length)}`;

export const notesOf = (db: D1Database): NotesPort => ({
  async memory({ tenant, project_id, action_id, by, origin, at, title, summary, content }) {
    const memory_id = idOf('mem', action_id);
    const written = await writeMemory(db, tenant, {
      memory_id,
      project_id,
      title,
      summary,
      content,
      media_type: 'text/plain',
      origin,
      created_by: by,
      created_at: at,
    });
    if (!written.ok) throw new Error(written.error.detail);
    return { id: memory_id, sha256: written.value.sha256 };
  },
  async bug({ tenant, project_id, pipeline_id, action_id, by, origin, at, title, detail, severity }) {
    const bug_id = idOf('bug', action_id);
    const bug = { bug_id, project_id, pipeline_id, title, detail, severity, origin };
    await logBug(db, tenant, { ...bug, created_by: by, created_at: at });
    return { id: bug_id };
  },
  async artifact({ tenant, action_id, by, at, ...rest }) {
    const artifact_id = idOf('art', action_id);
    const written = await writeArtifact(db, tenant, { ...rest, artifact_id, created_by: by, created_at: at });
    return written && { id: artifact_id, ...written };
  },
});
