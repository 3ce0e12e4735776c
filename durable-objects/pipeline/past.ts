import type { Orchestration, Pipeline } from '#contract/pipeline.ts';
import { toOrchestration, toPipeline } from '#contract/views.ts';
import type { DomainError } from '#domain/errors.ts';
import type { ForkSeed } from '#domain/pipeline/event/recovery.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { type PipelineState, replay } from '#domain/pipeline/evolve.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import type { PipelineMode } from '#domain/pipeline/states.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import { err, ok, type Result } from '#domain/result.ts';
import type { PipelineStore } from './store.ts';

export interface ForkSource {
  plan: ResolvedPlan;
  project_id: string;
  mode: PipelineMode;
  seed: ForkSeed;
}

/** PIPE-7: what the log says of an earlier moment, and the texts that its events name by hash. */
export class PipelinePast {
  readonly #store: PipelineStore;

  constructor(store: PipelineStore) {
    this.#store = store;
  }

  orchestration(now: PipelineState, at: number): Result<Orchestration, DomainError> {
    if (at > now.seq) return unknownEvent(now, at);
    return ok(toOrchestration(replay(this.#store.events(0, at))));
  }

  /** PIPE-9: what the spawn answered. Its transaction ends with the first step, whatever was decided since. */
  spawned(): Pipeline {
    const opening: PipelineEvent[] = [];
    for (const event of this.#store.events(0)) {
      opening.push(event);
      if (event.type === 'step_scheduled') break;
    }
    return toPipeline(replay(opening));
  }

  forkSource(now: PipelineState, at: number): Result<ForkSource, DomainError> {
    if (at < 1 || at > now.seq) return unknownEvent(now, at);
    const stopped = now.kills.find(
      (k) => k.scope !== 'agent' && k.lifted_at === null && k.id === now.spawned?.pipeline_id,
    );
    if (stopped)
      return err({
        code: 'killed',
        kill_id: stopped.kill_id,
        detail: `A kill switch stands on the pipeline: ${stopped.reason}`,
      });
    const past = [...this.#store.events(0, at)];
    const source = forkSource(replay(past), past.at(-1)?.hash ?? '');
    if (!source) return err({ code: 'not_found', what: `event ${at}` });
    const { plan, documents, ...rest } = source;
    const texts = documents.flatMap(({ sha256, bytes: _bytes, ...d }) => {
      const text = this.#store.document(sha256);
      return text === null ? [] : [{ ...d, text }];
    });
    return ok({ ...rest, plan: { ...plan, documents: texts } });
  }

  /** Those that are there. */
  documents(sha256: string[]): Record<string, string> {
    return Object.fromEntries(
      sha256.flatMap((sha) => {
        const text = this.#store.document(sha);
        return text === null ? [] : [[sha, text]];
      }),
    );
  }
}

const unknownEvent = (now: PipelineState, at: number) =>
  err<DomainError>({ code: 'not_found', what: `event ${at}; the newest is ${now.seq}` });
