import type { StepAck } from '#objects/pipeline/rpc.ts';

export interface Heartbeat {
  /** Something new was produced; the newest note goes out with the next beat, and only once (AGENT-4). */
  progress(note: string): void;
  stop(): void;
}

/**
 * Tells the object every `every_ms` that this worker lives (ENF-2). A beat that is refused ends the work: the claim has gone to
 * somebody else or the gate is closed. A beat that gets no answer is not one: the lease decides.
 */
export function startHeartbeat(a: {
  every_ms: number;
  beat(note: string | null): Promise<StepAck>;
  refused(why: string): void;
}): Heartbeat {
  let note: string | null = null;
  let inFlight = false;
  const timer = setInterval(() => {
    if (inFlight) return;
    inFlight = true;
    const said = note;
    note = null;
    a.beat(said)
      .then((ack) => {
        if (!ack.accepted) a.refused(ack.why);
      })
      .catch(() => {
        note ??= said;
      })
      .finally(() => {
        inFlight = false;
      });
  }, a.every_ms);
  return {
    progress(text) {
      note = text.slice(0, 200);
    },
    stop: () => clearInterval(timer),
  };
}
