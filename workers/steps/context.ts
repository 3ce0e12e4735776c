import type { Assignment } from '#domain/pipeline/assignment.ts';
import type { AskPipeline } from './object-call.ts';
import type { StepDeps } from './ports.ts';

/** Everything that the work on one claimed step may use. */
export interface StepContext {
  assignment: Assignment;
  deps: StepDeps;
  ask: AskPipeline;
  /** Aborts when the object refuses a heartbeat: stop, the result is not wanted. */
  signal: AbortSignal;
  progress(note: string): void;
}

/** Names that credentials are issued and read under. */
export const credentialScope = ({ tenant, pipeline_id, generation }: Assignment) => ({
  tenant,
  pipeline: pipeline_id,
  generation,
});

export const isoIn = (now: number, seconds: number): string => new Date(now + seconds * 1_000).toISOString();
