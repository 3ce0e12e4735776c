import type { Redaction } from '../../governance/redaction.ts';
import type { DocumentRef } from '../../pipeline/event/lifecycle.ts';
import { renderDataBlock } from '../data-block.ts';

/** AGENT-5: characters of context per document and in one prompt; about 4 characters make a token. */
export const DOCUMENT_LIMITS = { each: 160_000, all: 400_000 } as const;

/** A document with its text; null when it could not be read. */
export interface PromptDocument {
  ref: DocumentRef;
  text: string | null;
}

/** The first `limit` characters, never half a surrogate pair, and a last line that says what is missing. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(limit - 1)) ? limit - 1 : limit;
  return `${text.slice(0, end)}\n[cut here: ${end} of ${text.length} characters are shown]`;
}

/**
 * One data block per document in the plan's order. Each is redacted whole before it is cut, so that a cut cannot split a secret
 * into something unrecognisable. What does not fit any more is named with 0 characters rather than dropped.
 */
export function renderDocuments(documents: readonly PromptDocument[], redaction: Redaction): string[] {
  let left: number = DOCUMENT_LIMITS.all;
  return documents.map(({ ref, text }) => {
    const shown =
      text === null
        ? '[this document could not be read]'
        : cut(redaction.document(text), Math.min(DOCUMENT_LIMITS.each, left));
    left = Math.max(0, left - shown.length);
    return renderDataBlock({
      source: ref.name,
      origin: ref.origin,
      media_type: ref.media_type,
      text: shown,
    });
  });
}
