import type { DomainError } from '#domain/errors.ts';
import type { Kill } from '#domain/governance/permit.ts';
import { standingSwitch } from '#domain/pipeline/decide/kill.ts';
import { type InFlightAction, inFlight } from '#domain/pipeline/in-flight.ts';
import { err, ok, type Result } from '#domain/result.ts';
import type { GrantsFromAbove } from './above.ts';
import { type RunningPipeline, SUPERVISOR } from './running.ts';

export interface ThrownSwitch {
  kill: Kill;
  project_id: string;
  in_flight: InFlightAction[];
}

/** ENF-6: the pipeline's part of the kill switches: its own and its agents', and those from above. */
export class PipelineSwitches {
  readonly #pipeline: RunningPipeline;
  readonly #above: GrantsFromAbove;

  constructor(pipeline: RunningPipeline, above: GrantsFromAbove) {
    this.#pipeline = pipeline;
    this.#above = above;
  }

  /** From above: in the log when this returns. */
  kill(tenant: string, kill: Kill): { in_flight: InFlightAction[] } {
    this.#above.recall();
    if (!this.#pipeline.find(tenant).ok) return { in_flight: [] };
    this.#pipeline.commit({ kind: 'kill', kill, agent_id: null, reason: kill.reason }, SUPERVISOR);
    return { in_flight: inFlight(this.#pipeline.state) };
  }

  /** `agent_id` null: the whole pipeline. */
  throw(
    tenant: string,
    actor: string,
    agent_id: string | null,
    reason: string,
  ): Result<ThrownSwitch, DomainError> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return found;
    const done = this.#pipeline.commit({ kind: 'kill', kill: null, agent_id, reason }, actor);
    if (!done.ok) return done;
    const { state } = this.#pipeline;
    const thrown = standingSwitch(state, agent_id);
    if (!thrown) return err({ code: 'not_found', what: 'kill switch' });
    const { kill_id, scope, id, by, at } = thrown;
    const in_flight = inFlight(state).filter((a) => agent_id === null || a.agent_id === agent_id);
    const project_id = state.spawned?.project_id ?? '';
    return ok({ kill: { kill_id, scope, id, reason: thrown.reason, by, at }, project_id, in_flight });
  }

  /** A switch whose push was lost reaches a pipeline that does nothing by itself here. */
  async lookAbove(tenant: string): Promise<void> {
    const permit = this.#pipeline.state.outcome === null ? await this.#above.permit() : null;
    if (permit?.killed) this.kill(tenant, permit.killed);
  }
}
