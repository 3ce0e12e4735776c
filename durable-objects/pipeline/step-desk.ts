import { assignmentFor, gateFacts } from '#domain/pipeline/assign.ts';
import type { Admission, Admit, Assignment, StepError, StepResult } from '#domain/pipeline/assignment.ts';
import type { Command } from '#domain/pipeline/command.ts';
import { needsPermit } from '#domain/pipeline/decide/kill.ts';
import type { Decision } from '#domain/pipeline/decide.ts';
import { err, type Result } from '#domain/result.ts';
import type { Observation } from '../tenant/breakers.ts';
import type { GrantsFromAbove } from './above.ts';
import type { ClaimResult, Completed, StepAck } from './rpc.ts';
import { type RunningPipeline, SUPERVISOR } from './running.ts';

/** PIPE-11, ENF-5: how often a held step asks whether the tenant's budget has room again (ms). */
const HELD_RETRY = 30_000;
/** ENF-6: without a permit a step is announced again after this time (ms). */
const NO_PERMIT_RETRY = 5_000;

/** PIPE-8: where workers claim steps, say that they live, ask for admission and hand in what they have. */
export class StepDesk {
  readonly #pipeline: RunningPipeline;
  readonly #above: GrantsFromAbove;

  constructor(pipeline: RunningPipeline, above: GrantsFromAbove) {
    this.#pipeline = pipeline;
    this.#above = above;
  }

  async claim(tenant: string, step_id: string, worker: string): Promise<ClaimResult> {
    const step = this.#step(tenant, step_id);
    const asks = step?.status === 'ready' && needsPermit(step.work.kind);
    const permit = asks ? await this.#above.permit() : null;
    const way = step?.status === 'ready' ? await this.#above.wayFor(step, permit) : null;
    const slice = step?.status === 'ready' ? await this.#above.sliceFor(step_id) : this.#above.slice;
    if (asks && !(permit && slice)) {
      // Nobody above can be asked: the step stays ready and is announced again soon.
      this.#pipeline.dispatch.postpone(step, Date.now() + NO_PERMIT_RETRY);
      this.#pipeline.alarm.arm(Date.now() + NO_PERMIT_RETRY);
    }
    const ack = this.command(tenant, {
      ...{ kind: 'claim', step_id, worker, permit: slice && permit },
      slice: slice ?? undefined,
      trouble: way?.trouble ?? null,
    });
    const after = this.#pipeline.state.steps[step_id];
    if (after?.status === 'ready' && (way?.trouble || after.held)) {
      const again = Date.now() + (way?.trouble?.retry_in_ms ?? HELD_RETRY * (1 + Math.random() / 4));
      this.#pipeline.dispatch.postpone(after, again);
      this.#pipeline.alarm.arm(again);
    }
    // A probe that came to no claim is somebody else's to make.
    if (way && after?.status !== 'claimed') await this.#above.ended(step_id, []);
    if (!ack.accepted) return { claimed: false, why: ack.why };
    // A claim that would exceed a limit ends the pipeline instead.
    const { state } = this.#pipeline;
    const held = state.steps[step_id]?.status === 'claimed';
    const assignment = held ? assignmentFor(state, step_id, permit) : null;
    return assignment
      ? { claimed: true, assignment: { ...assignment, avoid: way?.avoid ?? [], trying: way?.trying ?? [] } }
      : { claimed: false, why: 'the step is gone, or waits' };
  }

  heartbeat(tenant: string, step_id: string, epoch: number, progress: string | null): StepAck {
    const step = this.#step(tenant, step_id);
    if (step?.status !== 'claimed' || step.epoch !== epoch) {
      return { accepted: false, why: 'the step is no longer held under this epoch' };
    }
    const note = this.#pipeline.heard.hear(step_id, progress !== null);
    return note && progress !== null
      ? this.command(tenant, { kind: 'progress', step_id, epoch, note: progress })
      : { accepted: true };
  }

  async admit(tenant: string, admit: Admit): Promise<Admission> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return { kind: 'stopped', why: 'there is no such pipeline' };
    const permit = await this.#above.permit();
    const done = this.#pipeline.commit({ kind: 'admit', ...admit, permit }, SUPERVISOR);
    if (!done.ok)
      return { kind: 'stopped', why: 'detail' in done.error ? done.error.detail : done.error.code };
    const { admission } = done.value;
    if (admission === 'run' || admission === 'no_permit') return { kind: admission };
    if (admission !== 'judge_again') return { kind: 'stopped', why: 'the gate refused' };
    const { state } = this.#pipeline;
    const work = state.steps[admit.step_id]?.work;
    const facts = work?.kind === 'action' ? gateFacts(state, work.action_id, permit) : null;
    return facts ? { kind: 'judge_again', facts } : { kind: 'stopped', why: 'the action is gone' };
  }

  async complete(
    tenant: string,
    step_id: string,
    epoch: number,
    result: StepResult,
    worker: string | null,
    most: number,
  ): Promise<Completed> {
    const goesOn = worker !== null && this.#pipeline.find(tenant).ok;
    const permit = goesOn ? await this.#above.permit() : null;
    const done = this.#decide(tenant, {
      ...{ kind: 'complete', step_id, epoch, result, worker, most, permit },
      slice: this.#above.slice,
    });
    if (!done.ok) return { accepted: false, why: done.error };
    const [next, ...beside] = done.value.claimed.flatMap((id): Assignment[] => {
      const assignment = assignmentFor(this.#pipeline.state, id, permit);
      return assignment ? [assignment] : [];
    });
    return { accepted: true, ...(next && { next }), ...(beside.length > 0 && { beside }) };
  }

  /** OPS-1: whether it opened a breaker is known before it is decided what follows. */
  async fail(
    tenant: string,
    step_id: string,
    epoch: number,
    error: StepError,
    seen: Observation[],
  ): Promise<StepAck> {
    const work = this.#step(tenant, step_id)?.work;
    const trouble = work ? await this.#above.failed(step_id, work, seen) : null;
    return this.command(tenant, { kind: 'fail', step_id, epoch, error, trouble });
  }

  /** What needs nothing from above and answers nothing but whether it was taken. */
  command(tenant: string, command: Command & { step_id: string }): StepAck {
    const done = this.#decide(tenant, command);
    return done.ok ? { accepted: true } : { accepted: false, why: done.error };
  }

  #step(tenant: string, step_id: string) {
    const found = this.#pipeline.find(tenant);
    return found.ok ? found.value.steps[step_id] : undefined;
  }

  #decide(tenant: string, command: Command & { step_id: string }): Result<Decision, string> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return err('there is no such pipeline');
    const work = found.value.steps[command.step_id]?.work;
    const actor = work && 'agent_id' in work ? `agent:${work.agent_id}` : SUPERVISOR;
    const done = this.#pipeline.commit(command, actor);
    if (done.ok) return done;
    return err('detail' in done.error ? done.error.detail : done.error.code);
  }
}
