import type { DomainError } from '../../errors.ts';
import { stepId } from '../../ids.ts';
import { err, type Result } from '../../result.ts';
import { type Context, isoTime } from '../command.ts';
import type { StepWork } from '../event/steps.ts';
import type { EventBodies, EventType, NewEvent } from '../event.ts';
import type { PlacedEvent } from '../evolve/evolver.ts';
import { evolve } from '../evolve.ts';
import type { PipelineState } from '../state.ts';

/**
 * Events being decided. Each emitted event is folded into `state` at once, so that later rules of the same decision see what
 * earlier ones decided; nothing outside changes until the caller commits `events`.
 */
export class Draft {
  state: PipelineState;
  readonly events: NewEvent[] = [];
  readonly context: Context;
  /** The steps that the worker which completed one goes on with, claimed in the same commit. */
  readonly claimed: string[] = [];
  /** A refusal that is itself on record: what it led to commits, and the asker is told no. */
  refused: DomainError | null = null;

  constructor(state: PipelineState, context: Context) {
    this.state = state;
    this.context = context;
  }

  get at(): string {
    return isoTime(this.context.now);
  }

  get pipelineId(): string {
    return this.state.spawned?.pipeline_id ?? '';
  }

  emit<T extends EventType>(type: T, body: EventBodies[T]): void {
    const placed = { seq: this.state.seq + 1, type, at: this.at, actor: this.context.actor, body };
    this.state = evolve(this.state, placed as PlacedEvent);
    this.events.push({ type, body } as NewEvent);
  }

  schedule(work: StepWork): void {
    this.emit('step_scheduled', { step_id: stepId(this.pipelineId, this.state.counts.steps + 1), work });
  }
}

/** Refusals that several commands share. `remedy` names the command or the request that comes next (API-2). */
export const wrongState = (
  state: PipelineState,
  wanted: string,
  allowed: string[],
  remedy: string,
): Result<never, DomainError> =>
  err({
    code: 'wrong_state',
    detail: `The pipeline is ${state.state}${state.waiting_for ? `, waiting for ${state.waiting_for}` : ''}; ${wanted}.`,
    allowed,
    remedy,
  });
