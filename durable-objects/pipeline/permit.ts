import type { StepTally } from '#domain/governance/error-budget.ts';
import { isCurrent, type Permit, permitOf } from '#domain/governance/permit.ts';
import { answerWithin } from '../shared/patience.ts';
import type { ControlRpc } from '../tenant/rpc.ts';

/** A tenant's control object that says nothing for this long counts as unreachable (ms). */
const PATIENCE_MS = 2_000;

/**
 * ENF-6: the pipeline's permit, asked for when it is needed and the last one is over: at most one call in 5 s, none while nothing runs. In
 * memory only; an object that woke up asks again.
 */
export class HeldPermit {
  #held: Permit | null = null;
  #asking: Promise<void> | null = null;
  /** Counts what was pushed: an answer that was on its way meanwhile may be older. */
  #dropped = 0;

  /** The permit that is in force now; null when there is none to be had, which means no. */
  async current(
    control: () => Pick<ControlRpc, 'permit'>,
    project_id: string,
    tally?: () => StepTally & { pipeline_id: string },
  ): Promise<Permit | null> {
    if (!isCurrent(this.#held, Date.now())) {
      this.#asking ??= this.#ask(control, project_id, tally).finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    return this.held;
  }

  get held(): Permit | null {
    return isCurrent(this.#held, Date.now()) ? this.#held : null;
  }

  /** Something above has changed: what is held is no longer believed. */
  drop(): void {
    this.#held = null;
    this.#dropped += 1;
  }

  async #ask(
    control: () => Pick<ControlRpc, 'permit'>,
    project_id: string,
    tally?: () => StepTally & { pipeline_id: string },
  ): Promise<void> {
    const [asked_at, dropped] = [Date.now(), this.#dropped];
    try {
      const grant = await answerWithin(control().permit(project_id, tally?.()), PATIENCE_MS);
      if (grant && dropped === this.#dropped) this.#held = permitOf(grant, asked_at);
    } catch {
      // Unreachable: what is held runs out, and then the answer is no.
    }
  }
}
