import type { StepMessage } from '#contract/queue.ts';
import type { AgentRole } from '#domain/agents/roles.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { asksWithoutToken, mayStart, type PipelineState, type StepState } from '#domain/pipeline/state.ts';
import { shardOf } from './shards.ts';

export type StepQueues = Record<`STEPS_${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`, Queue<StepMessage>>;

const roleOf = (state: PipelineState, step: StepState): AgentRole | 'system' =>
  'agent_id' in step.work ? (state.agents[step.work.agent_id]?.role ?? 'system') : 'system';

/**
 * Announces ready steps on the queues. `steps.status = ready` in the log is the outbox (rule 3); what was announced is
 * remembered in memory only, so a woken object announces once more, which is harmless.
 */
export class StepDispatch {
  readonly #queues: StepQueues;
  readonly #announced = new Map<string, { epoch: number; times: number; again_at: number }>();

  constructor(queues: StepQueues) {
    this.#queues = queues;
  }

  #dueAt(step: StepState): number {
    const before = this.#announced.get(step.step_id);
    const ready = Date.parse(step.ready_at);
    return before && before.epoch === step.epoch && ready <= before.again_at ? before.again_at : ready;
  }

  /** When the next announcement is due; Infinity for none. */
  nextDue(state: PipelineState): number {
    const ready = Object.values(state.steps).filter(
      (s) => s.status === 'ready' && (mayStart(state, s) || asksWithoutToken(state, s)),
    );
    return Math.min(...ready.map((s) => this.#dueAt(s)));
  }

  async announce(state: PipelineState): Promise<void> {
    const { spawned } = state;
    if (!spawned) return;
    const now = Date.now();
    const due = Object.values(state.steps).filter(
      (s) =>
        s.status === 'ready' && (mayStart(state, s) || asksWithoutToken(state, s)) && this.#dueAt(s) <= now,
    );
    for (const id of this.#announced.keys()) if (!state.steps[id]) this.#announced.delete(id);
    // Marked before sending: a second drain while this one awaits must not send the same message.
    for (const step of due) {
      const before = this.#announced.get(step.step_id);
      const times = before && before.epoch === step.epoch ? before.times + 1 : 1;
      const wait = Math.min(CLOCKS.redispatch * 2 ** (times - 1), CLOCKS.redispatch_max);
      this.#announced.set(step.step_id, { epoch: step.epoch, times, again_at: now + wait });
    }
    await Promise.all(
      due.map(async (step) => {
        const { tenant, pipeline_id } = spawned;
        const before = (this.#announced.get(step.step_id)?.times ?? 1) - 1;
        const shard = shardOf(tenant, pipeline_id, roleOf(state, step), before) as 0;
        await this.#queues[`STEPS_${shard}`].send({
          tenant,
          pipeline_id,
          step_id: step.step_id,
        });
      }),
    );
  }

  /** A worker could not begin with it: it is announced again at that time (ms since the epoch). */
  postpone({ step_id, epoch }: StepState, again_at: number): void {
    this.#announced.set(step_id, { epoch, times: 0, again_at });
  }

  /** A redriven step is announced at once, whatever its backoff. */
  forget(step_id: string): void {
    this.#announced.delete(step_id);
  }
}
