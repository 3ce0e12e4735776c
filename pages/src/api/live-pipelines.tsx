import { createContext, type ReactNode, use, useMemo, useState } from 'react';
import { mergePipelines, type PipelineMap } from '../models/pipeline-list.ts';
import { ags } from './client.ts';
import { type StreamView, useStream } from './use-stream.ts';

interface LivePipelines {
  /** What the stream has told so far: every live pipeline, and those that ended since. */
  live: PipelineMap;
  /** The first list has come. */
  streamed: boolean;
  stream: StreamView;
}

const LiveContext = createContext<LivePipelines | null>(null);

/** UI-2: one stream of the tenant for the list and for the header, which tells on every page how many wait for a person. */
export function LivePipelinesProvider({ children }: { children: ReactNode }) {
  const [live, setLive] = useState<PipelineMap>(new Map());
  const [streamed, setStreamed] = useState(false);
  const stream = useStream('tenant', (handlers) =>
    ags.watchTenant({
      ...handlers,
      onPipelines: (incoming) => {
        setLive((known) => mergePipelines(known, incoming));
        setStreamed(true);
      },
    }),
  );
  const value = useMemo(() => ({ live, streamed, stream }), [live, streamed, stream]);
  return <LiveContext value={value}>{children}</LiveContext>;
}

export function useLivePipelines(): LivePipelines {
  const value = use(LiveContext);
  if (!value) throw new Error('useLivePipelines needs a LivePipelinesProvider above it');
  return value;
}
