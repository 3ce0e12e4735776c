/** A piece of one text that the other has too, or has not. */
export interface DiffPiece {
  kind: 'same' | 'removed' | 'added';
  text: string;
}

/** Words times words that are compared; beyond it the whole text counts as another one, so that a hostile one costs nothing. */
const MAX_CELLS = 1_000_000;

/** Words, and what stands between them. */
const piecesOf = (text: string): string[] => text.match(/\s+|[^\s]+/g) ?? [];

const joined = (pieces: readonly DiffPiece[]): DiffPiece[] => {
  const out: DiffPiece[] = [];
  for (const { kind, text } of pieces) {
    const last = out.at(-1);
    if (last?.kind === kind) last.text += text;
    else out.push({ kind, text });
  }
  return out;
};

/** Length of the longest common subsequence from each place on, as one row after another. */
function lengths(before: readonly string[], after: readonly string[]): Uint32Array {
  const width = after.length + 1;
  const table = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      table[i * width + j] =
        before[i] === after[j]
          ? (table[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(table[(i + 1) * width + j] ?? 0, table[i * width + j + 1] ?? 0);
  return table;
}

/**
 * GOV-9: what a tool's description says now and did not when somebody vouched for it, word by word. The pieces that are not `added` are the
 * old text, those that are not `removed` the new one.
 */
export function diffWords(before: string, after: string): DiffPiece[] {
  const [a, b] = [piecesOf(before), piecesOf(after)];
  if (a.length * b.length > MAX_CELLS)
    return [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ];
  const table = lengths(a, b);
  const width = b.length + 1;
  const out: DiffPiece[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [old, now] = [a[i], b[j]];
    const down = table[(i + 1) * width + j] ?? 0;
    const right = table[i * width + j + 1] ?? 0;
    if (old !== undefined && old === now) {
      out.push({ kind: 'same', text: old });
      i++;
      j++;
    } else if (old !== undefined && (now === undefined || down >= right)) {
      out.push({ kind: 'removed', text: old });
      i++;
    } else {
      out.push({ kind: 'added', text: now ?? '' });
      j++;
    }
  }
  return joined(out);
}
