import type { DocumentRef } from '#domain/pipeline/event/lifecycle.ts';
import type { StepContext } from './context.ts';

/** Characters of document texts that an isolate keeps; a text never changes under its hash. */
const KEPT_CHARS = 4_000_000;
const kept = new Map<string, string>();

function keep(tenant: string, texts: Record<string, string>): void {
  for (const [sha, text] of Object.entries(texts)) kept.set(`${tenant} ${sha}`, text);
  let chars = [...kept.values()].reduce((sum, text) => sum + text.length, 0);
  for (const [oldest, text] of kept) {
    if (chars <= KEPT_CHARS) return;
    kept.delete(oldest);
    chars -= text.length;
  }
}

/** Texts of a pipeline's context documents, by hash; asked for once per isolate and tenant. */
export async function textsOf(
  { assignment, ask }: StepContext,
  documents: readonly DocumentRef[],
): Promise<Record<string, string>> {
  const hashes = [...new Set(documents.map(({ sha256 }) => sha256))];
  const { tenant } = assignment;
  const known = Object.fromEntries(
    hashes.flatMap((sha) => {
      const text = kept.get(`${tenant} ${sha}`);
      return text === undefined ? [] : [[sha, text]];
    }),
  );
  const missing = hashes.filter((sha) => known[sha] === undefined);
  if (missing.length === 0) return known;
  const fetched = await ask((pipeline) => pipeline.documents(tenant, missing));
  keep(tenant, fetched);
  return { ...known, ...fetched };
}
