import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Pipeline } from '#contract/pipeline.ts';
import { ags, type Failure, failureOf } from '../../api/client.ts';
import { useLivePipelines } from '../../api/live-pipelines.tsx';
import type { StreamView } from '../../api/use-stream.ts';
import { mergePipelines, type PipelineMap } from '../../models/pipeline-list.ts';

/** Rows asked for at a time from the ledger. */
const PAGE = 200;
const TYPING_PAUSE_MS = 300;

export interface PipelinesModel {
  pipelines: PipelineMap;
  stream: StreamView;
  /** True until there is something to show, or certainty that there is nothing. */
  loading: boolean;
  /** The ledger's list failed; live ones still come by the stream. */
  failure: Failure | null;
  loadMore: (() => void) | null;
  loadingMore: boolean;
  retry(): void;
  add(pipeline: Pipeline): void;
}

/** The list: live pipelines by the stream, older ones from the ledger, page by page and filtered there. */
export function usePipelines(filter: { state: string; text: string }): PipelinesModel {
  const { live, streamed, stream } = useLivePipelines();
  const [older, setOlder] = useState<PipelineMap>(new Map());
  const [listed, setListed] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [loadingMore, setLoadingMore] = useState(false);
  /** Answers to an older filter are merged, but do not decide about pages. */
  const asked = useRef(0);

  const add = useCallback((pipeline: Pipeline) => setOlder((known) => mergePipelines(known, [pipeline])), []);

  const pipelines = useMemo(() => mergePipelines(older, [...live.values()]), [older, live]);

  const load = useCallback(async (query: { state: string; text: string }, from: string | null) => {
    asked.current += 1;
    const mine = asked.current;
    setLoadingMore(from !== null);
    try {
      const page = await ags.pipelines({
        limit: PAGE,
        ...(query.state ? { state: query.state as Pipeline['state'] } : {}),
        ...(query.text ? { q: query.text } : {}),
        ...(from ? { cursor: from } : {}),
      });
      setOlder((known) => mergePipelines(known, page.items));
      if (mine !== asked.current) return;
      setCursor(page.next_cursor);
      setFailure(null);
    } catch (error) {
      if (mine === asked.current) setFailure(failureOf(error));
    } finally {
      if (mine === asked.current) setLoadingMore(false);
      setListed(true);
    }
  }, []);

  const { state, text } = filter;
  useEffect(() => {
    const timer = setTimeout(() => void load({ state, text }, null), text ? TYPING_PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [load, state, text]);

  return {
    pipelines,
    stream,
    loading: pipelines.size === 0 && !(listed && (streamed || stream.status === 'closed')),
    failure,
    loadMore: cursor === null ? null : () => void load({ state, text }, cursor),
    loadingMore,
    retry: () => void load({ state, text }, null),
    add,
  };
}
