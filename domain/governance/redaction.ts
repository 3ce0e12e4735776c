import { collectSecrets, decoded, redact } from '../inspection/secrets.ts';

/**
 * SEC-3: what a model is shown and what the log records carries no secret. Only high-confidence forms are replaced, so that text
 * stays readable; {@link collectSecrets} knows JSON, scripts and assignments, the forms here are those of headers and wire formats.
 */
export const REDACTION_MARK = '[redacted]';

/** Lengths are bounded where a search could start again within its own match: hostile text must not make it quadratic. */
const FORMS: RegExp[] = [
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bhv[sbr]\.[A-Za-z0-9_-]{12,}/g,
  /\bsk-[A-Za-z0-9_-]{20,}/g,
  /\beyJ[A-Za-z0-9_-]{8,600}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000}/g,
];
/** The value behind a name, where only the value goes. */
const BEHIND_A_NAME =
  /\b((?:bearer|x-vault-token:?|x-api-key:?)\s+)(?!\[redacted\])([A-Za-z0-9._~+/=-]{8,})/gi;

/** Long enough to hold a name and a secret; a hash or a key's fingerprint does not decode to text and stays. */
const BASE64 = /[A-Za-z0-9+/]{24,}={0,2}/g;

/** A secret as it may be spelled in a document: as it is, and as JSON writes it, once or twice over. */
function spellings(secret: string): string[] {
  const once = JSON.stringify(secret).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  return [...new Set([twice, once, secret])];
}

const longestFirst = (secrets: readonly string[]): string[] =>
  [...new Set(secrets.flatMap(spellings))].sort((a, b) => b.length - a.length);

const withoutForms = (text: string): string =>
  FORMS.reduce((clean, form) => clean.replace(form, REDACTION_MARK), text).replace(
    BEHIND_A_NAME,
    `$1${REDACTION_MARK}`,
  );

/** Scripts travel in base64 (`user_data_base64`): one that holds a secret goes as a whole. */
const withoutEncoded = (text: string, secrets: readonly string[]): string =>
  text.replace(BASE64, (blob) => {
    const plain = decoded(blob);
    return plain !== blob && secrets.some((secret) => plain.includes(secret)) ? REDACTION_MARK : blob;
  });

/** Takes the secrets of some documents, and whatever looks like one, out of texts. Doing it again changes nothing. */
export interface Redaction {
  /** One of the documents themselves: their secrets are known and not searched for again. */
  document(text: string): string;
  text(text: string): string;
  /** Every string in a JSON value, names of members excepted. */
  value<T>(value: T): T;
}

/** What stands in a document is not to be shown in a tool's result or an answer either. `more`: secrets known otherwise. */
export function redactionFor(documents: readonly string[], more: readonly string[] = []): Redaction {
  const known = longestFirst([...documents.flatMap(collectSecrets), ...more]);
  const document = (text: string): string =>
    withoutForms(redact(withoutEncoded(text, known), known, REDACTION_MARK));
  const clean = (text: string): string => {
    const found = collectSecrets(text);
    if (found.length === 0) return document(text);
    const own = longestFirst(found);
    return document(redact(withoutEncoded(text, own), own, REDACTION_MARK));
  };
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') return clean(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item === 'object' && item !== null)
      return Object.fromEntries(Object.entries(item).map(([name, inner]) => [name, walk(inner)]));
    return item;
  };
  return { document, text: clean, value: <T>(value: T) => walk(value) as T };
}

/** For a text that stands alone. */
export const redactText = (text: string): string => redactionFor([]).text(text);
