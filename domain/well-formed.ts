/**
 * Half of a surrogate pair has no UTF-8 and so no canonical JSON (RFC 8785, section 3.2.2.2). JSON can say one all the same
 * (`"\ud800"`), and cutting a text at a length leaves one where a pair stood.
 */
export const isWellFormed = (value: unknown): boolean => {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Array.isArray(value)
    ? value.every(isWellFormed)
    : Object.entries(value).every(([name, inner]) => name.isWellFormed() && isWellFormed(inner));
};

/** The same value with U+FFFD for each lone surrogate; the very same one when it has none, which is nearly always. */
export function wellFormed<T>(value: T): T {
  return isWellFormed(value) ? value : (mend(value) as T);
}

function mend(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value)
    ? value.map(mend)
    : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), mend(inner)]));
}
