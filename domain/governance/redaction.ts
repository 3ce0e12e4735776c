import { collectSecrets, redact } from '../inspection/secrets.ts';

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

/** A secret as it may be spelled in a document: as it is, and as JSON writes it, once or twice over. */
function spellings(secret: string): string[] {
  const once = JSON.stringify(secret).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  return [...new Set([twice, once, secret])];
}

/** The secrets of several texts together: one that stands in a document is not to be shown in a tool's result either. */
export const secretsOf = (texts: readonly string[]): string[] => [...new Set(texts.flatMap(collectSecrets))];

/** Replaces the given secrets and every high-confidence form. Doing it again changes nothing. */
export function redactText(text: string, known: readonly string[] = []): string {
  const secrets = [...new Set([...known, ...collectSecrets(text)])]
    .flatMap(spellings)
    .sort((a, b) => b.length - a.length);
  const clean = FORMS.reduce(
    (result, form) => result.replace(form, REDACTION_MARK),
    redact(text, secrets, REDACTION_MARK),
  );
  return clean.replace(BEHIND_A_NAME, `$1${REDACTION_MARK}`);
}

/** The same for every string in a JSON value, names of members excepted. */
export function redactValue<T>(value: T, known: readonly string[] = []): T {
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') return redactText(item, known);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item === 'object' && item !== null)
      return Object.fromEntries(Object.entries(item).map(([name, inner]) => [name, walk(inner)]));
    return item;
  };
  return walk(value) as T;
}
