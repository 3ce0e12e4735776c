/** The longest line that tells of more: a cursor is a few hundred characters. */
const TAIL = 2_000;
const MORE = /(^|\n)(?:#next_cursor,([^\s"]+)|\{"next_cursor":"([^"]+)"\})\r?\n$/;

/**
 * LEDG-4: an export of any length as one stream. An answer that ends before the ledger does says in its last line where to go on; that
 * line is left out, and the next answer asked for, by its cursor.
 */
export async function* wholeExport(
  first: Response,
  next: (cursor: string) => Promise<Response>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let response: Response | null = first; response !== null; ) {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let held = '';
    for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      held += decoder.decode(chunk, { stream: true });
      if (held.length <= TAIL) continue;
      yield encoder.encode(held.slice(0, -TAIL));
      held = held.slice(-TAIL);
    }
    held += decoder.decode();
    const found = MORE.exec(held);
    yield encoder.encode(found ? held.slice(0, found.index) + (found[1] ?? '') : held);
    response = found ? await next(found[2] ?? found[3] ?? '') : null;
  }
}
