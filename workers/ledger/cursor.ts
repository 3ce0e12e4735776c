/** A cursor that no page of this list gave: starting anew in silence would have its caller walk in circles. */
export class UnknownCursorError extends Error {}

/** Keyset cursors: the last row's key as JSON in base64url. */
export const encodeCursor = (key: readonly (string | number)[]): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(key))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/**
 * The key of `parts` values that a cursor stands for; null without one: the first page. Throws {@link UnknownCursorError} for a text that
 * is none.
 */
export function decodeCursor(text: string | null | undefined, parts: number): (string | number)[] | null {
  if (text === null || text === undefined) return null;
  const key = decoded(text);
  if (key?.length !== parts) throw new UnknownCursorError('is not a cursor of this list');
  return key;
}

function decoded(text: string): (string | number)[] | null {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    const key: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const plain = Array.isArray(key) && key.every((k) => typeof k === 'string' || typeof k === 'number');
    return plain ? key : null;
  } catch {
    return null;
  }
}

/** Splits a read of `limit + 1` rows into a page and the cursor of what follows. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  key: (row: R) => (string | number)[],
  item: (row: R) => T,
): { items: T[]; next_cursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(item),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(key(last)) : null,
  };
}
