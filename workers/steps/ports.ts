import type { Result } from '#domain/result.ts';
import type { PipelineRpc } from '#objects/pipeline/rpc.ts';
import type { ControlRpc } from '#objects/tenant/rpc.ts';
import type { CredentialError, Credentials } from '#workers/credentials/index.ts';
import type { DeadLetterRow } from '#workers/ledger/index.ts';
import type { BaseUrls, Prices, Timeouts } from '#workers/models/index.ts';
import type { Gate } from '#workers/policy/index.ts';
import type { CallsSeen } from './seen.ts';
import type { LedgerPort, McpServersPort, MemoryPort, NotesPort } from './tools/tool.ts';

/** What a step needs of its pipeline's object. */
export type PipelinePort = Pick<
  PipelineRpc,
  'claim' | 'heartbeat' | 'admit' | 'complete' | 'fail' | 'deadLetter' | 'documents'
>;

export type CredentialsPort = Pick<
  Credentials,
  'login' | 'issueAgent' | 'readSecret' | 'revoke' | 'lookup' | 'forget'
>;

export interface StepClocks {
  /** ENF-2: between two heartbeats. */
  heartbeat_ms: number;
  /** Unix milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

/** CONS-9: the Redis store as a place for context that agents of a later generation read. */
export interface ContextStore {
  put(key: string, value: string, ttl_s: number): Promise<Result<void, CredentialError>>;
}

/** REC-3: who may still spawn, and the admission of a successor. */
export type ControlPort = Pick<ControlRpc, 'admit' | 'authorityOf' | 'standing'>;

export interface StepDeps {
  /** A fresh stub each time: a broken one stays broken (rule 9). */
  pipeline(tenant: string, pipelineId: string): PipelinePort;
  credentials: CredentialsPort;
  context: ContextStore;
  control(tenant: string): ControlPort;
  /** The object of a pipeline that does not exist yet. */
  spawn(tenant: string, pipelineId: string): Pick<PipelineRpc, 'spawn'>;
  gate: Gate;
  memory: MemoryPort;
  servers: McpServersPort;
  ledger: LedgerPort;
  notes: NotesPort;
  /** OPS-1: one for the isolate; what its calls have shown. */
  seen: CallsSeen;
  models: { baseUrls: BaseUrls; prices: Prices; timeouts?: Timeouts };
  /** GOV-6: hosts that `http_get` may reach. */
  httpAllow: readonly string[];
  fetch: typeof fetch;
  clocks: StepClocks;
  /** What the dead-letter queue gave up on, for the ledger (PIPE-8). */
  recordDeadLetter(letter: DeadLetterRow): Promise<void>;
  log(level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>): void;
}
