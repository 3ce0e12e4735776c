import type { DocumentRef } from '#domain/pipeline/event.ts';
import type { StepContext } from './context.ts';

/** Texts of a pipeline's context documents, by hash. */
export async function textsOf(
  { assignment, ask }: StepContext,
  documents: readonly DocumentRef[],
): Promise<Record<string, string>> {
  const hashes = [...new Set(documents.map(({ sha256 }) => sha256))];
  if (hashes.length === 0) return {};
  return ask((pipeline) => pipeline.documents(assignment.tenant, hashes));
}
