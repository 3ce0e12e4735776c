/** Keyset cursors: the last row's key as JSON in base64url. A cursor that is not one of ours reads as null: the first page. */
export const encodeCursor = (key: readonly (string | number)[]): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(key))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

export function decodeCursor(text: string | null | undefined): (string | number)[] | null {
  if (!text) return null;
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
