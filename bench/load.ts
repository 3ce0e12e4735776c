import { connect, type Socket } from 'node:net';

/** Answers are found by their length: everything asked here has a body of known size. */
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

/**
 * How many times a second `url` answers, asked over `width` connections that are kept open, for `seconds`. Requests are written and answers
 * counted on bare sockets, because a client that parses HTTP would take more of the machine than what is measured.
 * @throws when an answer is not 200, with its beginning.
 */
export async function answersPerSecond(
  url: string,
  headers: Record<string, string>,
  { width, seconds }: { width: number; seconds: number },
): Promise<number> {
  const { host, hostname, port, pathname, search } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = Buffer.from(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const from = performance.now();
  const until = from + seconds * 1_000;
  let answers = 0;
  const lane = async (): Promise<void> => {
    const socket = connect(Number(port), hostname).setNoDelay(true);
    try {
      await answered(socket, request, () => {
        answers += 1;
        return performance.now() < until;
      });
    } finally {
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return answers / ((performance.now() - from) / 1_000);
}

/** One request after another, as long as `more` says so after each answer. */
async function answered(socket: Socket, request: Buffer, more: () => boolean): Promise<void> {
  let held: Buffer = Buffer.alloc(0);
  socket.write(request);
  for await (const part of socket as AsyncIterable<Buffer>) {
    held = held.length === 0 ? part : Buffer.concat([held, part]);
    const size = sizeOf(held);
    if (size === null || held.length < size) continue;
    held = Buffer.alloc(0);
    if (!more()) return;
    socket.write(request);
  }
  throw new Error('the server closed the connection');
}

/** Bytes of the answer that begins here; null until its head has come. */
export function sizeOf(answer: Buffer): number | null {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = answer.toString('latin1', 0, end + 2);
  const length = LENGTH.exec(head)?.[1];
  if (!head.startsWith('HTTP/1.1 200 ') || length === undefined)
    throw new Error(`not an answer that can be counted: ${answer.toString('utf8', 0, 600)}`);
  return end + 4 + Number(length);
}
