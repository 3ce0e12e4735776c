import type { PipelineFrame, TenantFrame } from '#contract/frames.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import { ApiError } from './errors.ts';
import type { Transport } from './transport.ts';
import type { PipelineEvent, Ticket } from './types.ts';

/** `connecting` until the past is complete, `live`, `stale` while a lost connection is being made again, `closed` at the end. */
export type StreamStatus = 'connecting' | 'live' | 'stale' | 'closed';

export interface StreamHandlers {
  onStatus?: (status: StreamStatus) => void;
  /** The stream was refused for good (signed out, no such pipeline); it is closed then. */
  onRefused?: (error: ApiError) => void;
  signal?: AbortSignal;
}

export interface PipelineStreamOptions extends StreamHandlers {
  /** Events after this seq are wanted; 0 for all. */
  since?: number;
  /** In order, each seq once, whatever happened to the connection. */
  onEvents: (events: PipelineEvent[]) => void;
}

export interface TenantStreamOptions extends StreamHandlers {
  /** `complete`: this is the whole list, not a change to it. */
  onPipelines: (pipelines: Pipeline[], complete: boolean) => void;
}

export interface Subscription {
  close(): void;
}

/** Milliseconds; doubles from the first to the last, and each wait is shortened by up to half at random. */
const BACKOFF_MS = { first: 250, last: 10_000 } as const;
/** A connection that stays silent in its handshake for this long (ms) is given up. */
const HANDSHAKE_MS = 15_000;

interface Source {
  path: string;
  /** Asked again on every reconnect, so that `since` moves on. */
  query(): Record<string, string>;
  /** True once the frame says that the past is complete. */
  receive(frame: unknown): boolean;
}

/** Without a base URL the client lives in a page. */
const pageOrigin = (): string => (globalThis as { location?: { origin: string } }).location?.origin ?? '';

/** Keeps one WebSocket open, with a fresh single-use ticket per connection (TEN-3). */
function connect(transport: Transport, source: Source, handlers: StreamHandlers): Subscription {
  let status: StreamStatus | null = null;
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let closed = false;

  const show = (next: StreamStatus) => {
    if (next !== status) handlers.onStatus?.(next);
    status = next;
  };
  const close = () => {
    if (closed) return;
    closed = true;
    clearTimeout(timer);
    handlers.signal?.removeEventListener('abort', close);
    socket?.close();
    show('closed');
  };
  const again = () => {
    if (closed) return;
    show(status === 'connecting' ? 'connecting' : 'stale');
    const wait = Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** failures++);
    timer = setTimeout(open, wait * (1 - Math.random() / 2));
  };

  async function open(): Promise<void> {
    let ticket: string;
    try {
      ({ ticket } = await transport.json<Ticket>('POST', '/api/tickets'));
    } catch (error) {
      if (error instanceof ApiError && error.problem.status < 500 && error.problem.status !== 429) {
        handlers.onRefused?.(error);
        close();
      } else again();
      return;
    }
    if (closed) return;
    const origin = transport.baseUrl || pageOrigin();
    const query = new URLSearchParams({ ...source.query(), ticket });
    const url = `${origin.replace(/^http/, 'ws')}${source.path}?${query}`;
    const current = new WebSocket(url);
    socket = current;
    const handshake = setTimeout(() => current.close(), HANDSHAKE_MS);
    let over = false;
    const lost = () => {
      clearTimeout(handshake);
      if (over) return;
      over = true;
      again();
    };
    current.addEventListener('open', () => clearTimeout(handshake));
    current.addEventListener('message', ({ data }) => {
      if (closed || typeof data !== 'string') return;
      if (source.receive(JSON.parse(data))) {
        failures = 0;
        show('live');
      }
    });
    current.addEventListener('error', lost);
    current.addEventListener('close', lost);
  }

  if (handlers.signal?.aborted) closed = true;
  else {
    handlers.signal?.addEventListener('abort', close);
    show('connecting');
    void open();
  }
  return { close };
}

/** API-3: one pipeline's events from `since` on, first the past, then live. */
export function watchPipeline(
  transport: Transport,
  pipelineId: string,
  options: PipelineStreamOptions,
): Subscription {
  let seq = options.since ?? 0;
  return connect(
    transport,
    {
      path: '/api/pipeline/stream',
      query: () => ({ pipeline_id: pipelineId, since: String(seq) }),
      receive(frame) {
        const { kind, ...rest } = frame as PipelineFrame;
        if (kind !== 'events') return kind === 'live';
        const fresh = (rest as { events: PipelineEvent[] }).events.filter((event) => event.seq > seq);
        if (fresh.length > 0) {
          seq = fresh.at(-1)!.seq;
          options.onEvents(fresh);
        }
        return false;
      },
    },
    options,
  );
}

/** API-3: the tenant's pipelines, once in full, then what changes. */
export function watchTenant(transport: Transport, options: TenantStreamOptions): Subscription {
  return connect(
    transport,
    {
      path: '/api/stream',
      query: () => ({}),
      receive(frame) {
        const { kind, pipelines } = frame as TenantFrame;
        options.onPipelines(pipelines, kind === 'snapshot');
        return true;
      },
    },
    options,
  );
}
