/** API-3: the same frames for clients that cannot open a WebSocket. A comment now and then keeps proxies from closing a quiet stream. */
const KEEP_ALIVE_MS = 15_000;

export const wantsEvents = (request: Request): boolean =>
  request.headers.get('accept')?.includes('text/event-stream') === true;

/** The seq of the last event in a frame: what a client sends back as `Last-Event-ID` to go on from there. */
function lastSeq(frame: string): number | null {
  const parsed = JSON.parse(frame) as { events?: { seq: number }[]; seq?: number };
  return parsed.events?.at(-1)?.seq ?? parsed.seq ?? null;
}

/** Opens the object's socket and passes its frames on as server-sent events, until either side ends. */
export async function asServerSent(
  open: (request: Request) => Promise<Response>,
  url: URL,
): Promise<Response> {
  const upgraded = await open(new Request(url, { headers: { upgrade: 'websocket' } }));
  const socket = upgraded.webSocket;
  if (socket === null) return upgraded;
  const encoder = new TextEncoder();
  let keepAlive: ReturnType<typeof setInterval> | null = null;
  let reading = true;
  const quiet = () => {
    reading = false;
    if (keepAlive !== null) clearInterval(keepAlive);
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => controller.enqueue(encoder.encode(text));
      const end = () => {
        quiet();
        try {
          controller.close();
        } catch {
          // The client went first.
        }
      };
      socket.addEventListener('message', ({ data }) => {
        // Frames that were on their way when the client went have nobody to go to.
        if (!reading) return;
        const frame = String(data);
        const seq = lastSeq(frame);
        send(`${seq === null ? '' : `id: ${seq}\n`}data: ${frame}\n\n`);
      });
      socket.addEventListener('close', end);
      socket.addEventListener('error', end);
      socket.accept();
      keepAlive = setInterval(() => send(': keep-alive\n\n'), KEEP_ALIVE_MS);
    },
    cancel() {
      quiet();
      socket.close(1000);
    },
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}
