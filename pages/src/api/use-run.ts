import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { ApiError } from '#client/index.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { initialState, type PipelineState, replay } from '#domain/pipeline/evolve.ts';
import { CHAIN_START, type ChainProgress, checkNext } from '../models/chain-check.ts';
import { Timeline } from '../models/timeline.ts';
import { ags, type Failure, failureOf } from './client.ts';
import { type StreamView, useStream } from './use-stream.ts';

/** One pipeline as the page holds it: every event, the states between them, and how far the chain is verified. */
export interface Run {
  timeline: Timeline<PipelineState>;
  /** Grows with every change, so that what is derived knows when to derive again. */
  version: number;
  chain: ChainProgress;
  stream: StreamView;
  /** There is no such pipeline, or it is not this tenant's (TEN-1). */
  missing: boolean;
  /** PIPE-7: the run is halted, or this page does not know its events. */
  failure: Failure | null;
}

/** The mutable side of a run. Frames can arrive hundreds a second; subscribers hear of them once per animation frame. */
class RunStore {
  readonly timeline = new Timeline<PipelineState>({ initial: initialState, replay });
  version = 0;
  failure: Failure | null = null;
  #listeners = new Set<() => void>();
  #frame = 0;

  receive(events: PipelineEvent[]): void {
    if (this.failure) return;
    try {
      if (this.timeline.append(events) === 'nothing_new') return;
    } catch (error) {
      // PIPE-7: an event that this build does not know halts it; a newer build will know it.
      this.failure = {
        title: 'This page is older than the run that it shows',
        detail: `Reload the page. ${failureOf(error).detail}`,
        status: null,
        trace: null,
      };
    }
    this.#announce();
  }

  #announce(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.version += 1;
      for (const listener of this.#listeners) listener();
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  read = (): number => this.version;
}

export function useRun(pipelineId: string): Run {
  const held = useRef<{ id: string; store: RunStore } | null>(null);
  if (held.current?.id !== pipelineId) held.current = { id: pipelineId, store: new RunStore() };
  const { store } = held.current;
  const version = useSyncExternalStore(store.subscribe, store.read);

  const stream = useStream(pipelineId, (handlers) =>
    ags.watchPipeline(pipelineId, {
      ...handlers,
      since: store.timeline.head,
      onEvents: (events) => store.receive(events as PipelineEvent[]),
    }),
  );

  const refusal = useRefusal(pipelineId, stream.status === 'live');
  const chain = useChain(store, version);
  return {
    timeline: store.timeline,
    version,
    chain,
    stream,
    missing: refusal?.problem.code === 'not_found',
    failure: store.failure ?? (refusal?.problem.code === 'pipeline_halted' ? failureOf(refusal) : null),
  };
}

/** A socket that is refused does not say why, so the API is asked, at first and whenever the line is lost. */
function useRefusal(pipelineId: string, live: boolean): ApiError | null {
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  useEffect(() => {
    let over = false;
    setRefusal(null);
    if (live) return;
    ags.pipeline(pipelineId).catch((error) => {
      if (!over && error instanceof ApiError) setRefusal(error);
    });
    return () => {
      over = true;
    };
  }, [pipelineId, live]);
  return refusal;
}

/** Recomputes the hash chain a slice at a time between frames (LEDG-2). */
function useChain(store: RunStore, version: number): ChainProgress {
  const [chain, setChain] = useState(CHAIN_START);
  const latest = useRef({ store, chain: CHAIN_START });
  if (latest.current.store !== store) latest.current = { store, chain: CHAIN_START };

  // biome-ignore lint/correctness/useExhaustiveDependencies: version tells that the store has more events.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const step = () => {
      const current = latest.current;
      if (current.chain.broken || current.chain.head.seq >= store.timeline.head) return;
      current.chain = checkNext(current.chain, store.timeline.events);
      setChain(current.chain);
      timer = setTimeout(step);
    };
    step();
    return () => clearTimeout(timer);
  }, [store, version]);

  return latest.current.store === store ? latest.current.chain : chain;
}
