import { sha256Hex } from '#domain/ledger/canonical.ts';
import { insertRows } from './rows.ts';
import type { ArtifactRow } from './schema.ts';

/** What one artifact holds at most, and one pipeline's artifacts together; in bytes of UTF-8. */
export const ARTIFACT_LIMITS = { bytes: 256 * 1024, count: 20 } as const;

export type NewArtifact = Omit<ArtifactRow, 'tenant' | 'sha256' | 'bytes' | 'origin'> & { origin: string[] };

/** Writes once: the same id again changes nothing. Null: the pipeline has as many as it may. */
export async function writeArtifact(
  db: D1Database,
  tenant: string,
  artifact: NewArtifact,
): Promise<{ sha256: string; bytes: number } | null> {
  const sha256 = sha256Hex(artifact.content);
  const bytes = new TextEncoder().encode(artifact.content).length;
  const others = await db
    .prepare('SELECT count(*) AS n FROM artifacts WHERE tenant = ? AND pipeline_id = ? AND artifact_id <> ?')
    .bind(tenant, artifact.pipeline_id, artifact.artifact_id)
    .first<{ n: number }>();
  if ((others?.n ?? 0) >= ARTIFACT_LIMITS.count) return null;
  await insertRows(db, 'artifacts', [
    { ...artifact, tenant, sha256, bytes, origin: JSON.stringify(artifact.origin) },
  ]).run();
  return { sha256, bytes };
}

export async function readArtifact(db: D1Database, tenant: string, id: string): Promise<ArtifactRow | null> {
  return db
    .prepare('SELECT * FROM artifacts WHERE tenant = ? AND artifact_id = ?')
    .bind(tenant, id)
    .first<ArtifactRow>();
}
