import type { Caller } from '#contract/access.ts';
import type { AgentCaller, AskedAction } from '#contract/agents.ts';
import type { ConsensusView, Orchestration, Pipeline, TokenStatusView } from '#contract/pipeline.ts';
import type { DomainError } from '#domain/errors.ts';
import type { Kill } from '#domain/governance/permit.ts';
import type { Tier } from '#domain/governance/tier.ts';
import type {
  Admission,
  Admit,
  Assignment,
  GateFacts,
  StepError,
  StepResult,
} from '#domain/pipeline/assignment.ts';
import type { Command, ReportedOutcome } from '#domain/pipeline/command.ts';
import type { ForkSeed, Handoff } from '#domain/pipeline/event/recovery.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import type { InFlightAction } from '#domain/pipeline/in-flight.ts';
import type { Renewals } from '#domain/pipeline/renewal.ts';
import type { PipelineMode } from '#domain/pipeline/states.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import type { Result } from '#domain/result.ts';
import type { Observation } from '../tenant/breakers.ts';
import type { Slice } from '../tenant/rpc.ts';

/** The actor string of an event: `person:ps_…`, `service:ps_…`, `agent:ag_…`, `system:supervisor`. */
export const actorOf = (caller: Caller): string => `${caller.subject_kind}:${caller.subject_id}`;

export interface SpawnCommand {
  pipeline_id: string;
  tenant: string;
  project_id: string;
  number: number;
  plan: ResolvedPlan;
  mode: PipelineMode;
  tier: Tier;
  auto_continue: boolean;
  /** REC-3: set for the next attempt of a lineage. */
  successor_of: { pipeline_id: string; attempt: number; handoff: Handoff; sha256: string } | null;
  /** PIPE-7: set for a fork. */
  fork: ForkSeed | null;
  /** ENF-1: the run that a DIAGNOSTIC reads. */
  diagnoses?: string;
  /** Of the canonical request, to tell a repeated spawn from a conflicting one (PIPE-9). */
  request_sha256: string;
  /** PROM-1: the agents' identities by role; absent for outside agents. */
  identities?: Record<string, string>;
  /** PIPE-11: what was drawn of the tenant's month with the admission. */
  slice: Slice;
  actor: string;
}

export type Registration = Omit<Extract<Command, { kind: 'register' }>, 'kind'>;
export interface Registered {
  agent: AgentCaller;
  /** The same session was registered before. */
  replayed: boolean;
}
export type AskOfAgent = Omit<Extract<Command, { kind: 'ask' }>, 'kind'>;
export type Judgement = Omit<Extract<Command, { kind: 'judge' }>, 'kind' | 'permit'>;
/** `facts`: what the gate is to judge; null when nothing is left to judge. `ready` false: the agent's own token is still on its way. */
export interface Asked {
  action_id: string;
  replayed: boolean;
  facts: GateFacts | null;
  ready: boolean;
}

export interface LookedAt extends Pick<Asked, 'facts' | 'ready'> {
  action: AskedAction;
}

/** What an operator may ask of a pipeline. */
export type OperatorCommand = Extract<
  Command,
  {
    kind:
      | 'continue'
      | 'cancel'
      | 'abort'
      | 'pause'
      | 'resume'
      | 'revoke'
      | 'lift'
      | 'fallback'
      | 'decide_approval'
      | 'resolve_action'
      | 'log'
      | 'end'
      | 'redrive';
  }
>;

/** LEDG-2: what is to lose its content: events by number, context documents by hash. */
export interface Erase {
  seqs: number[];
  documents: string[];
  /** Of a pipeline that lies in the archive: which parts of the summary that is left here repeat the content. */
  blank?: { objective: boolean; verdict: boolean };
}

/** LEDG-5: `frozen`: nothing is written any more, and everything may be read. `archived`: it is gone from here. */
export type ArchiveBegun =
  | { status: 'kept'; why: string }
  | { status: 'frozen'; documents: string[] }
  | { status: 'archived' };

/** `claim` refuses a step that is not ready: done, cancelled, claimed by somebody else, or unknown. */
export type ClaimResult = { claimed: true; assignment: Assignment } | { claimed: false; why: string };

/** A stale epoch, a finished step, a closed gate: the worker drops what it has (PIPE-8). */
export type StepAck = { accepted: true } | { accepted: false; why: string };

export type Completed = StepAck & { next?: Assignment | null; beside?: Assignment[] };

/**
 * The pipeline object (class `PipelineObject`, binding `PIPELINE`, name `t/{tenant}/p/{pipeline_id}`). Every call names the tenant
 * again and is refused with `not_found` when it is not this pipeline's (rule 7). Nothing here throws for bad input.
 */
export interface PipelineRpc {
  spawn(command: SpawnCommand): Promise<Result<{ pipeline: Pipeline; replayed: boolean }, DomainError>>;
  read(tenant: string): Promise<Result<Pipeline, DomainError>>;
  orchestration(tenant: string, at: number | null): Promise<Result<Orchestration, DomainError>>;
  events(tenant: string, since: number, limit: number): Promise<Result<PipelineEvent[], DomainError>>;
  tokenStatus(tenant: string): Promise<Result<TokenStatusView, DomainError>>;
  consensus(tenant: string): Promise<Result<ConsensusView, DomainError>>;
  operate(
    tenant: string,
    actor: string,
    command: OperatorCommand,
  ): Promise<Result<{ pipeline: Pipeline; seq: number; at: string }, DomainError>>;
  /** PIPE-7: what a fork at event `at` takes along, and the plan it runs. */
  forkSource(
    tenant: string,
    at: number,
  ): Promise<
    Result<{ plan: ResolvedPlan; project_id: string; mode: PipelineMode; seed: ForkSeed }, DomainError>
  >;
  /** Texts of context documents, by hash. */
  documents(tenant: string, sha256: string[]): Promise<Record<string, string>>;

  /** GOV-7: an agent that runs elsewhere. `session_hash` is keyed; who registers is checked by the caller. */
  registerAgent(tenant: string, actor: string, a: Registration): Promise<Result<Registered, DomainError>>;
  /** `over`: the session of an agent that was stopped will do, for it may still say how its last act ended (ENF-6). */
  agentSession(
    tenant: string,
    session_hash: string,
    over?: boolean,
  ): Promise<Result<AgentCaller, DomainError>>;
  askAction(tenant: string, a: AskOfAgent): Promise<Result<Asked, DomainError>>;
  judgeAction(tenant: string, a: Judgement): Promise<Result<Admission, DomainError>>;
  /** `agent_id` null: of any agent. `facts`: it is still, or again, to be judged. */
  lookAtAction(
    tenant: string,
    agent_id: string | null,
    action_id: string,
  ): Promise<Result<LookedAt, DomainError>>;
  reportOutcome(
    tenant: string,
    agent_id: string,
    action_id: string,
    outcome: ReportedOutcome,
  ): Promise<Result<AskedAction, DomainError>>;

  claim(tenant: string, step_id: string, worker: string): Promise<ClaimResult>;
  /** Every 5 s while a step runs; `progress` is null when nothing was produced since the last one (ENF-2, AGENT-4). */
  heartbeat(tenant: string, step_id: string, epoch: number, progress: string | null): Promise<StepAck>;
  /** CRED-3: accessors of the tokens that are to be renewed now; none when there is no such pipeline or nothing is due. */
  renewalsDue(tenant: string): Promise<{ accessor: string }[]>;
  recordRenewals(tenant: string, renewals: Renewals): Promise<StepAck>;
  admit(tenant: string, admit: Admit): Promise<Admission>;
  /** `next` and `beside`: what the worker goes on with, `most` steps together, already claimed for it; only when `worker` is given. */
  complete(
    tenant: string,
    step_id: string,
    epoch: number,
    result: StepResult,
    worker?: string | null,
    seen?: Observation[],
    most?: number,
  ): Promise<Completed>;
  /** `seen` (OPS-1): what the step's calls of Vault, store and models showed, if it is news. */
  fail(
    tenant: string,
    step_id: string,
    epoch: number,
    error: StepError,
    seen?: Observation[],
  ): Promise<StepAck>;
  /** The dead-letter queue's consumer reports a message that could not be worked on. */
  deadLetter(tenant: string, step_id: string, reason: string): Promise<StepAck>;

  /** ENF-6: a switch of this pipeline, or of one of its agents: in the same transaction nothing more is authorised. */
  throwSwitch(
    tenant: string,
    actor: string,
    agent_id: string | null,
    reason: string,
  ): Promise<Result<{ kill: Kill; project_id: string; in_flight: InFlightAction[] }, DomainError>>;
  /** ENF-6: a switch from above. It is in the log when this returns; answers what was let through before and has no outcome. */
  kill(tenant: string, kill: Kill): Promise<{ in_flight: InFlightAction[] }>;
  /** GOV-4, GOV-10: policies or mode have changed above: the permit that is held is asked for anew. */
  recallPermit(tenant: string): Promise<void>;
  /** LEDG-2: hashes of the named documents, if all that is named may lose its content now: the pipeline is over and nothing moves it. */
  erasable(tenant: string, seqs: number[], documents: string[]): Promise<Result<string[], DomainError>>;
  /** LEDG-2: the content goes from here; hashes and what state needs stay. Repeatable. */
  erase(tenant: string, what: Erase): Promise<Result<Pipeline, DomainError>>;
  /** LEDG-5: from here on the log stays as it is, if the pipeline is over and its last event older than `before` (ms since 1970). Repeatable. */
  beginArchive(tenant: string, before: number): Promise<ArchiveBegun>;
  /** LEDG-5: what is archived up to this very head goes from here; false when that is not what lies here. Repeatable. */
  removeArchived(tenant: string, archive: { events: number; head_hash: string }): Promise<boolean>;
  /** The ledger has everything up to and including `seq`. */
  shipped(tenant: string, seq: number): Promise<void>;
  /** Looks for anything due (REC-6); cheap when nothing is. */
  poke(tenant: string): Promise<{ live: boolean }>;
}

/** Upgrade requests for the stream go to the object's `fetch` as `https://object/stream?tenant&since`, already authorised. */
export const STREAM_URL = 'https://object/stream';

export const pipelineObjectName = (tenant: string, pipelineId: string): string =>
  `t/${tenant}/p/${pipelineId}`;
