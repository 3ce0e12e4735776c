/** Levenshtein's distance; the words here are field names. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++)
      current[j] = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The known word that was probably meant: at most two letters off, or a third of a long word. */
export function didYouMean(word: string, known: readonly string[]): string | null {
  const limit = Math.max(2, Math.floor(word.length / 3));
  const [best] = known
    .map((candidate) => ({
      candidate,
      d: distance(word.toLowerCase().slice(0, 60), candidate.toLowerCase()),
    }))
    .filter(({ d }) => d <= limit)
    .sort((a, b) => a.d - b.d);
  return best?.candidate ?? null;
}

/** `did you mean “x”?`, or the list of what would do. */
export function expectedWord(word: string, known: readonly string[]): string {
  const guess = didYouMean(word, known);
  return guess ? `did you mean “${guess}”?` : `one of ${known.join(', ')}`;
}
