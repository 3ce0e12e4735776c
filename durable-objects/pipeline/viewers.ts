import type { PipelineFrame } from '#contract/frames.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';

/** Events per frame when the past is replayed; keeps one frame well below a socket's 1 MiB. */
const REPLAY_CHUNK = 200;

const frame = (value: PipelineFrame): string => JSON.stringify(value);
const eventsFrame = (events: readonly PipelineEvent[]): string =>
  frame({
    kind: 'events',
    events: events as unknown as Extract<PipelineFrame, { kind: 'events' }>['events'],
  });

/** Sends a stream of frames, first the past, then a mark that what follows is live (API-3). */
function replayTo(send: (text: string) => void, past: Iterable<PipelineEvent>, seq: number): void {
  let chunk: PipelineEvent[] = [];
  for (const event of past) {
    chunk.push(event);
    if (chunk.length === REPLAY_CHUNK) {
      send(eventsFrame(chunk));
      chunk = [];
    }
  }
  if (chunk.length > 0) send(eventsFrame(chunk));
  send(frame({ kind: 'live', seq }));
}

/** The viewers of one pipeline: hibernating sockets, and server-sent events for those who cannot use sockets. */
export class PipelineViewers {
  readonly #ctx: DurableObjectState;
  readonly #sse = new Set<WritableStreamDefaultWriter<Uint8Array>>();
  readonly #encoder = new TextEncoder();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /** Replay and registration happen without an await in between, so no event falls into a gap. */
  open(request: Request, past: Iterable<PipelineEvent>, seq: number): Response {
    return request.headers.get('Upgrade')?.toLowerCase() === 'websocket'
      ? this.#openSocket(past, seq)
      : this.#openEventStream(past, seq);
  }

  #openSocket(past: Iterable<PipelineEvent>, seq: number): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    replayTo((text) => server.send(text), past, seq);
    return new Response(null, { status: 101, webSocket: client });
  }

  #openEventStream(past: Iterable<PipelineEvent>, seq: number): Response {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    replayTo((text) => this.#write(writer, text), past, seq);
    this.#sse.add(writer);
    return new Response(readable, {
      headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' },
    });
  }

  publish(events: readonly PipelineEvent[]): void {
    const sockets = this.#ctx.getWebSockets();
    if (sockets.length === 0 && this.#sse.size === 0) return;
    const text = eventsFrame(events);
    for (const socket of sockets) {
      try {
        socket.send(text);
      } catch {
        // The viewer is gone; it resumes from its last seq when it comes back.
      }
    }
    for (const writer of this.#sse) this.#write(writer, text);
  }

  #write(writer: WritableStreamDefaultWriter<Uint8Array>, text: string): void {
    writer.write(this.#encoder.encode(`data: ${text}\n\n`)).catch(() => this.#sse.delete(writer));
  }
}
