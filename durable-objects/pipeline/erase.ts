import type { DomainError } from '#domain/errors.ts';
import { isErasable } from '#domain/pipeline/erase.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';
import { err, ok, type Result } from '#domain/result.ts';
import type { PipelineStore } from './store.ts';

/**
 * LEDG-2: whether all that is named may lose its content now; the hashes of the documents. A live pipeline still reads its past, one that is being
 * archived is being copied as it is.
 */
export function erasable(
  state: PipelineState,
  store: PipelineStore,
  what: { seqs: readonly number[]; documents: readonly string[] },
  frozen: boolean,
): Result<string[], DomainError> {
  if (!state.outcome || !state.sealed || frozen)
    return err({
      code: 'wrong_state',
      detail: frozen
        ? 'The pipeline is being archived.'
        : 'Content is erased of pipelines that are over, with every token confirmed gone.',
      allowed: ['COMPLETED', 'FAILED'],
      remedy: frozen
        ? 'Ask again when `ags archive list` shows it whole.'
        : 'Wait for its end, or cancel it: `ags pipeline cancel`.',
    });
  for (const seq of what.seqs) {
    const [event] = [...store.events(seq - 1, 1)];
    if (event?.seq !== seq)
      return err({ code: 'not_found', what: `event ${seq}; the newest is ${state.seq}` });
    if (!isErasable(event.type))
      return err({
        code: 'invalid',
        field: 'events',
        detail: `Event ${seq} is ${event.type}: it holds no content, or the proofs rest on it.`,
      });
  }
  const hashes: string[] = [];
  for (const name of what.documents) {
    const known = state.spawned?.documents.find((d) => d.name === name);
    if (!known) return err({ code: 'not_found', what: `document ${name}` });
    hashes.push(known.sha256);
  }
  return ok(hashes);
}
