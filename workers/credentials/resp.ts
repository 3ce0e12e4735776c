export interface RespSocket {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
  close(): Promise<unknown>;
}
export type Connect = (
  address: { hostname: string; port: number },
  options: { secureTransport: 'on' | 'off'; allowHalfOpen: false },
) => RespSocket;

export type RespReply = string | number | null | RespReply[] | { error: string };

const CR = 13;
const MAX_REPLY_BYTES = 1024 * 1024;
const MAX_REPLY_ITEMS = 10_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One command in RESP2: `*n`, then `$length` and bytes of each word. */
export function encodeCommand(words: string[]): Uint8Array {
  const parts = words.map((word) => `$${encoder.encode(word).byteLength}\r\n${word}\r\n`);
  return encoder.encode(`*${words.length}\r\n${parts.join('')}`);
}

/** One whole reply at `at`, and where the next begins; null while bytes are missing. @throws Error on what is not RESP2. */
export function decodeReply(bytes: Uint8Array, at: number): { reply: RespReply; next: number } | null {
  const end = bytes.indexOf(CR, at);
  if (end < 0 || end + 2 > bytes.length) return null;
  const line = decoder.decode(bytes.subarray(at + 1, end));
  const next = end + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '+':
      return { reply: line, next };
    case '-':
      return { reply: { error: line }, next };
    case ':':
      return { reply: Number(line), next };
    case '$': {
      const length = Number(line);
      if (length === -1) return { reply: null, next };
      if (!Number.isInteger(length) || length < 0 || length > MAX_REPLY_BYTES)
        throw new Error('reply too large');
      if (bytes.length < next + length + 2) return null;
      return { reply: decoder.decode(bytes.subarray(next, next + length)), next: next + length + 2 };
    }
    case '*': {
      const length = Number(line);
      if (length === -1) return { reply: null, next };
      if (!Number.isInteger(length) || length < 0 || length > MAX_REPLY_ITEMS)
        throw new Error('reply too large');
      const items: RespReply[] = [];
      let position = next;
      while (items.length < length) {
        const item = decodeReply(bytes, position);
        if (!item) return null;
        items.push(item.reply);
        position = item.next;
      }
      return { reply: items, next: position };
    }
    default:
      throw new Error('not a RESP2 reply');
  }
}

/** Sends commands over one connection and reads a reply to each, in order. Rejects when the other side closes before. */
export async function exchange(socket: RespSocket, commands: string[][]): Promise<RespReply[]> {
  const writer = socket.writable.getWriter();
  const reader = socket.readable.getReader();
  for (const command of commands) await writer.write(encodeCommand(command));
  const replies: RespReply[] = [];
  let bytes = new Uint8Array();
  while (replies.length < commands.length) {
    const chunk = await reader.read();
    if (chunk.done || !chunk.value) throw new Error('the connection closed before the reply');
    const joined = new Uint8Array(bytes.length + chunk.value.length);
    joined.set(bytes);
    joined.set(chunk.value, bytes.length);
    bytes = joined;
    let at = 0;
    for (let found = decodeReply(bytes, at); found; found = decodeReply(bytes, at)) {
      replies.push(found.reply);
      at = found.next;
      if (at >= bytes.length) break;
    }
    bytes = bytes.slice(at);
  }
  return replies;
}
