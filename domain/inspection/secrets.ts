import { isObject, leaves, parseJson, pointer, resolvePointer } from './json-pointer.ts';

/**
 * Finds values that look like secrets. It prefers missing an odd one to crying wolf: a name that says secret *and* a value that
 * could be one, or a value whose very form is a credential.
 */

/** `db_password`, `API_KEY`, `clientSecret`; not `password_encryption`, `secret_arn`, `kms_key_id`, `token_ttl`. */
const SECRET_NAME =
  /(^|[_\-.])(password|passwd|passphrase|pwd|secret|token|api_?key|private_?key|secret_?key|(secret_)?access_key|client_secret|auth_?token|connection_?string|credentials)$/i;

const CREDENTIAL_FORMS: RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bAKIA[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /\b[sr]k_live_[A-Za-z0-9]{16,}\b/g,
  /\bhv[sb]\.[A-Za-z0-9_-]{20,}/g,
];
/** `scheme://user:PASSWORD@host`. Lengths are bounded: hostile text must not make the search quadratic. */
const URL_PASSWORD = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"']{0,200}:([^\s/@"']{3,300})@/gi;
/** `DB_PASSWORD=…`, `api_key: "…"` in scripts and prose; counts only with a digit, since prose says "password: ask the owner". */
const ASSIGNMENT =
  /(?<![:\w-])(?:[A-Za-z0-9]+[_-])*(?:password|passwd|secret|token|api_?key|access_key|private_key)["']?\s*[=:]\s*["']?([^\s"',;}\\]{4,})/gi;

const camelToSnake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2');

export const isSecretName = (name: string): boolean => SECRET_NAME.test(camelToSnake(name));

/** References and placeholders: they name a secret or stand for one, and give nothing away. */
export function isReference(value: string): boolean {
  return (
    value.length < 4 ||
    /^(\$\{|\$[A-Za-z_(]|\{\{|<[^>]*>$|arn:|vault:|secret:\/\/|ssm:|op:\/\/|data\.|var\.|local\.|aws_)/.test(
      value,
    ) ||
    /^[*x.•-]+$/i.test(value) ||
    /^(true|false|null|none|\(sensitive( value)?\)|\[?redacted\]?|file:.*)$/i.test(value)
  );
}

/** The secret parts of a free text: credential forms, passwords in URLs, assignments to secret names. */
export function secretsInText(text: string): string[] {
  const matches = (pattern: RegExp, group: number): string[] =>
    [...text.matchAll(pattern)].map((match) => match[group] ?? '');
  const assigned = [
    ...matches(URL_PASSWORD, 1),
    ...matches(ASSIGNMENT, 1).filter((value) => /\d/.test(value)),
  ].filter((value) => !isReference(value));
  return [...CREDENTIAL_FORMS.flatMap((form) => matches(form, 0)), ...assigned].filter(
    (value) => value !== '',
  );
}

/** A secret found below a JSON value. `inner` is the place within a JSON document that a string holds, else empty. */
export interface SecretHit {
  path: (string | number)[];
  inner: (string | number)[];
  value: string;
}

const last = (path: (string | number)[]): string => {
  const names = path.filter((token): token is string => typeof token === 'string');
  return names.at(-1) ?? '';
};

/** `{name: "DB_PASSWORD", value: "…"}`: environment lists give the name beside the value. */
function nameBeside(root: unknown, path: (string | number)[]): string {
  if (path.at(-1) !== 'value') return '';
  const parent = resolvePointer(root, pointer(...path.slice(0, -1)));
  return isObject(parent) && typeof parent.name === 'string' ? parent.name : '';
}

/** A script begins early: what is decoded of a long value, in base64 letters. */
const DECODED_MAX = 64_000;

/** Scripts travel in base64 (`user_data_base64`); anything that does not decode to text is left alone. */
export function decoded(text: string): string {
  if (text.length < 24 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+=*$/.test(text)) return text;
  const bytes = [...base64Bytes(text.slice(0, DECODED_MAX))];
  const plain = bytes.map((byte) => String.fromCharCode(byte)).join('');
  return /^[\t\n\r -~]*$/.test(plain) ? plain : text;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
function* base64Bytes(text: string): Generator<number> {
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return;
    bits = ((bits << 6) | value) & 0xff_ff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      yield (bits >> held) & 0xff;
    }
  }
}

/** Secrets below `root`, in document order. Strings that hold JSON or a script are looked into, one level deep. */
export function secretsInJson(root: unknown, depth = 1): SecretHit[] {
  const hits: SecretHit[] = [];
  for (const { path, value } of leaves(root)) {
    if (typeof value !== 'string' || value === '') continue;
    const named = isSecretName(last(path)) || isSecretName(nameBeside(root, path));
    if (named && !isReference(value)) {
      hits.push({ path, inner: [], value });
      continue;
    }
    const inside = depth > 0 && /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
    if (inside !== undefined) {
      hits.push(
        ...secretsInJson(inside, depth - 1).map((hit) => ({ path, inner: hit.path, value: hit.value })),
      );
    } else {
      hits.push(...secretsInText(decoded(value)).map((secret) => ({ path, inner: [], value: secret })));
    }
  }
  return hits;
}

/** SEC-3: the secrets of a document, as JSON or as text; at least 6 characters each, so that replacing them spares common words. */
export function collectSecrets(text: string): string[] {
  const json = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
  const values = json === undefined ? secretsInText(text) : secretsInJson(json).map((hit) => hit.value);
  return [...new Set(values)].filter((value) => value.length >= 6).sort((a, b) => b.length - a.length);
}

/** Replaces every occurrence of the given secrets, longest first. */
export const redact = (text: string, secrets: readonly string[], mark = '[redacted]'): string =>
  secrets.reduce((clean, secret) => clean.replaceAll(secret, mark), text);
