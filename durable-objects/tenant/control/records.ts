import * as archives from '../archives.ts';
import { listChanges } from '../changes.ts';
import * as erasures from '../erasures.ts';
import type { ControlClass } from './base.ts';

/** The tenant’s own log, and what was moved into the archive or erased (LEDG-1, LEDG-2, LEDG-5). */
export const WithRecords = <B extends ControlClass>(Base: B) =>
  class extends Base {
    async changes(since: number, limit: number) {
      return this.within.store(
        (s) => listChanges(s, since, limit),
        () => [],
      );
    }
    async dueForArchive(limit: number) {
      return this.within.require((s) => archives.dueForArchive(s, limit));
    }
    async recordArchive(archive: archives.NewArchive) {
      return this.within.require((s) => archives.recordArchive(s, archive));
    }
    async archiveRemoved(pipeline_id: string) {
      this.within.require((s) => archives.archiveRemoved(s, pipeline_id));
    }
    async archiveOf(pipeline_id: string) {
      return this.within.store(
        (s) => archives.archiveOf(s, pipeline_id),
        () => null,
      );
    }
    async listArchives(a: { before: number | null; limit: number; project_ids: readonly string[] | null }) {
      return this.within.store(
        (s) => archives.listArchives(s, a),
        () => [],
      );
    }
    async archiveRewritten(pipeline_id: string, file: Parameters<typeof archives.archiveRewritten>[2]) {
      return this.within.require((s) => archives.archiveRewritten(s, pipeline_id, file));
    }
    async recordErasure(actor: string, erasure: erasures.NewErasure) {
      return this.within.require((s) => erasures.recordErasure(s, actor, erasure));
    }
    async pendingErasures(limit: number) {
      return this.within.store(
        (s) => erasures.pendingErasures(s, limit),
        () => [],
      );
    }
    async erasureDone(erasure_id: string) {
      return this.within.store(
        (s) => erasures.erasureDone(s, erasure_id),
        () => null,
      );
    }
    async listErasures(a: { before: number | null; limit: number }) {
      return this.within.store(
        (s) => erasures.listErasures(s, a),
        () => [],
      );
    }
  };
