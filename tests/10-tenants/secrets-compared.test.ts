import { describe, expect, it } from 'vitest';
import { sameText } from '#objects/tenant/secret.ts';

/** A text that counts how many of its characters are looked at. */
function counted(text: string): { text: string; reads: () => number } {
  let reads = 0;
  const watched = {
    length: text.length,
    charCodeAt(i: number) {
      reads += 1;
      return text.charCodeAt(i);
    },
  };
  return { text: watched as unknown as string, reads: () => reads };
}

const SECRET = 'k7d2m9q4x1z8v5b3n6c0w2r7t4y1p9s6';
const changedAt = (i: number): string =>
  SECRET.slice(0, i) + (SECRET[i] === 'a' ? 'b' : 'a') + SECRET.slice(i + 1);

describe('comparing a secret', () => {
  it('TEN-2 SEC-3: takes every character into account, and the length', () => {
    expect(sameText(SECRET, SECRET)).toBe(true);
    for (let i = 0; i < SECRET.length; i++) {
      expect([i, sameText(SECRET, changedAt(i))]).toEqual([i, false]);
      expect([i, sameText(changedAt(i), SECRET)]).toEqual([i, false]);
    }
    for (const other of ['', SECRET.slice(1), SECRET.slice(0, -1), `${SECRET}k`, SECRET + SECRET])
      expect([other, sameText(SECRET, other), sameText(other, SECRET)]).toEqual([other, false, false]);
    expect(sameText('', '')).toBe(true);
    // What repeats must not pass for its beginning, though reading goes round.
    expect(sameText('abab', 'ab')).toBe(false);
    expect(sameText('ab', 'abab')).toBe(false);
  });

  it('TEN-2 SEC-3: looks at as many characters wherever the first wrong one is', () => {
    const looked = (guess: string): number[] => {
      const [given, known] = [counted(guess), counted(SECRET)];
      sameText(given.text, known.text);
      return [given.reads(), known.reads()];
    };
    const right = looked(SECRET);
    expect(right).toEqual([SECRET.length, SECRET.length]);
    for (let i = 0; i < SECRET.length; i++) expect([i, looked(changedAt(i))]).toEqual([i, right]);
  });
});
