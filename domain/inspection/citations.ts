import { isObject, parseJson, resolvePointer } from './json-pointer.ts';
import { type PassageSource, splitPassages } from './passages.ts';

/**
 * CONS-1: whether the words stand where a citation says. A JSON pointer is resolved: the quote must be the value, or part of it (a
 * string's text, else its compact JSON). A section or a line range is looked up the same way {@link splitPassages} names it.
 */
export function quoteStandsAt(document: PassageSource, locator: string, quote: string): boolean {
  if (locator.startsWith('/')) {
    const value = resolvePointer(parseJson(document.text), locator);
    if (value === undefined) return false;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return Array.isArray(value) || isObject(value) || typeof value === 'string'
      ? text.includes(quote)
      : text === quote;
  }
  return splitPassages(document).some(
    (passage) => passage.locator === locator && passage.text.includes(quote),
  );
}
