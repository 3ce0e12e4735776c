import { type Kill, PERMIT_MS } from '#domain/governance/permit.ts';
import { answerWithin } from '../shared/patience.ts';

/** What the directory object knows of the switch for the whole deployment. */
export interface SystemSwitch {
  killed: Kill | null;
  /** OPS-1: breakers around what all tenants share that are not closed; absent from a directory of an older version. */
  troubled?: string[];
}

/** The directory is asked again once this much of the lease is over, so that permits under it are not cut short. */
const RENEW_MS = PERMIT_MS / 2;
const PATIENCE_MS = 2_000;

/**
 * ENF-6: a tenant's lease on the system-wide switch, shared by all its pipelines' permits. At most one call to the directory in 2.5 s
 * and tenant, none while nothing runs.
 */
export class SystemLease {
  readonly #ask: () => Promise<SystemSwitch>;
  readonly #now: () => number;
  #held: { killed: Kill | null; troubled: string[]; since: number } | null = null;
  #asking: Promise<void> | null = null;
  #pushes = 0;

  constructor(ask: () => Promise<SystemSwitch>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  /** `ttl_ms` 0: the directory cannot be reached, and what it said last is too old. */
  async current(): Promise<{ killed: Kill | null; troubled: string[]; ttl_ms: number }> {
    const age = (): number => (this.#held ? this.#now() - this.#held.since : Number.POSITIVE_INFINITY);
    if (age() >= RENEW_MS) {
      this.#asking ??= this.#renew().finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    const { killed = null, troubled = [] } = this.#held ?? {};
    return { killed, troubled, ttl_ms: Math.max(0, PERMIT_MS - age()) };
  }

  /** The directory pushed a change: it is known here from now on. */
  pushed(killed: Kill | null): void {
    this.#pushes += 1;
    this.#held = { killed, troubled: this.#held?.troubled ?? [], since: this.#now() };
  }

  /** A report was answered with what is not closed now: permits need not wait for the next question. */
  learned(reported: readonly string[], troubled: readonly string[]): void {
    if (!this.#held) return;
    const others = this.#held.troubled.filter((name) => !reported.includes(name));
    this.#held = { ...this.#held, troubled: [...others, ...troubled] };
  }

  async #renew(): Promise<void> {
    const [since, pushes] = [this.#now(), this.#pushes];
    try {
      const answer = await answerWithin(this.#ask(), PATIENCE_MS);
      if (answer && pushes === this.#pushes)
        this.#held = { killed: answer.killed, troubled: answer.troubled ?? [], since };
    } catch {
      // Unreachable: the lease runs out.
    }
  }
}
