import type { Pipeline } from '#contract/pipeline.ts';
import { toPipeline } from '#contract/views.ts';
import type { DomainError } from '#domain/errors.ts';
import { eraseEvent } from '#domain/pipeline/erase.ts';
import { ok, type Result } from '#domain/result.ts';
import { sha256Hex } from '../shared/native-crypto.ts';
import { blanked, keptBecause } from './archive.ts';
import { erasable } from './erase.ts';
import type { ArchiveBegun, Erase } from './rpc.ts';
import type { RunningPipeline } from './running.ts';
import type { PipelineStore } from './store.ts';

/** What becomes of an ended pipeline's log: kept, erased in part (LEDG-2), or moved into the archive (LEDG-5). */
export class PipelineKeeping {
  readonly #storage: DurableObjectStorage;
  readonly #store: PipelineStore;
  readonly #pipeline: RunningPipeline;

  constructor(storage: DurableObjectStorage, store: PipelineStore, pipeline: RunningPipeline) {
    this.#storage = storage;
    this.#store = store;
    this.#pipeline = pipeline;
  }

  beginArchive(tenant: string, before: number): ArchiveBegun {
    const { archive } = this.#pipeline;
    if (archive.removed?.tenant === tenant) return { status: 'archived' };
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return { status: 'kept', why: found.error.code };
    const why = keptBecause(found.value, before, Date.now());
    if (why !== null) return { status: 'kept', why };
    // What it still has to tell the ledger, the list or the tenant comes first.
    if (!this.#pipeline.settled) return { status: 'kept', why: 'it has not told everything yet' };
    archive.freeze();
    return { status: 'frozen', documents: this.#store.documentHashes() };
  }

  removeArchived(tenant: string, archived: { events: number; head_hash: string }): boolean {
    const { archive, head, state } = this.#pipeline;
    const { removed, frozen } = archive;
    if (removed) return removed.tenant === tenant && removed.head_hash === archived.head_hash;
    if (!this.#pipeline.find(tenant).ok || !frozen) return false;
    if (head.seq !== archived.events || head.hash !== archived.head_hash) return false;
    const pipeline: Pipeline = { ...toPipeline(state), archived_at: new Date().toISOString() };
    this.#storage.transactionSync(() =>
      archive.remove({ tenant, pipeline, events: head.seq, head_hash: head.hash }),
    );
    archive.load();
    this.#pipeline.reload();
    return true;
  }

  erasable(tenant: string, seqs: number[], documents: string[]): Result<string[], DomainError> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return found;
    return erasable(found.value, this.#store, { seqs, documents }, this.#pipeline.archive.frozen);
  }

  async erase(tenant: string, what: Erase): Promise<Result<Pipeline, DomainError>> {
    const { archive } = this.#pipeline;
    const { removed } = archive;
    if (removed?.tenant === tenant) {
      const pipeline = blanked(removed.pipeline, what.blank ?? { objective: false, verdict: false });
      archive.rewrite({ ...removed, pipeline });
      await this.#pipeline.rewritten(pipeline, tenant);
      return ok(pipeline);
    }
    const allowed = this.erasable(tenant, what.seqs, []);
    if (!allowed.ok) return allowed;
    this.#storage.transactionSync(() => {
      this.#store.rewrite(new Set(what.seqs), (event) => eraseEvent(event, sha256Hex));
      for (const document of what.documents) this.#store.deleteDocument(document);
    });
    this.#pipeline.reload();
    const pipeline = toPipeline(this.#pipeline.state);
    await this.#pipeline.rewritten(pipeline, tenant);
    return ok(pipeline);
  }
}
