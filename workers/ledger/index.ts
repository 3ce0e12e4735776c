export { queryRecordedActions, type RecordedAction } from './actions.ts';
export { ARTIFACT_LIMITS, type NewArtifact, readArtifact, writeArtifact } from './artifacts.ts';
export { BUG_STATUSES, type Bug, logBug, readBug } from './bugs.ts';
export { handleLedgerBatch, type LedgerDeps } from './consumer.ts';
export { UnknownCursorError } from './cursor.ts';
export { queryDeadLetters, recordDeadLetter } from './dead-letters.ts';
export { eraseRows, renewSummary } from './erase.ts';
export { type ErrorGroup, type ErrorsQuery, queryErrors } from './errors.ts';
export { queryEvents } from './events.ts';
export { type EvidenceRefusal, evidenceSource } from './evidence.ts';
export { EXPORT_TYPES, exportLedger } from './export.ts';
export {
  listMemory,
  MAX_MEMORY_BYTES,
  type MemoryEntry,
  type MemorySummary,
  type NewMemory,
  readMemory,
  searchMemory,
  writeMemory,
} from './memory.ts';
export { queryPipelines } from './pipelines.ts';
export { type ReconcileDeps, type Reconciled, reconcileLog, reconcileTenant } from './reconcile.ts';
export type { DeadLetterRow } from './schema.ts';
export { queryLedger, type Sight } from './search.ts';
export { type LedgerKeys, ledgerKeysOf, ledgerSigner, logPorts, publicKeys } from './signing.ts';
export { type LogSource, logSources, reconcileDeps } from './source.ts';
export { countAlarms, ledgerStatus } from './status.ts';
export { type LedgerBytes, ledgerBytes } from './stored.ts';
export { queryBugs, queryViolations } from './violations.ts';
