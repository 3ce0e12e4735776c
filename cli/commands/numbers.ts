import { usageError } from '../exit.ts';

/** `4,7,10-12` as numbers. */
export function numbersOf(list: string): Set<number> {
  const numbers = new Set<number>();
  for (const part of list.split(',')) {
    const [, from = '', to = from] = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(part.trim()) ?? [];
    if (from === '' || Number(to) < Number(from))
      throw usageError(`${JSON.stringify(part)} is no event`, 'Give numbers like 4,7,10-12.');
    for (let n = Number(from); n <= Number(to); n++) numbers.add(n);
  }
  return numbers;
}
