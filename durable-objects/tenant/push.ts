import { type Kill, PERMIT_MS } from '#domain/governance/permit.ts';
import type { InFlightAction } from '#domain/pipeline/in-flight.ts';
import { iso } from './store.ts';

/** What a switch did by the time its answer went out. */
export interface Pushed {
  kill: Kill;
  /** Since then nothing new is authorised in its scope: when all have acknowledged, else when the last permit is over. */
  effective_at: string;
  /** Let through before, outcome not known yet. */
  in_flight: InFlightAction[];
  /** Pipelines that have not said that they stopped; for a tenant that did not answer at all, `t/{tenant}`. */
  unacknowledged: string[];
}

/** Asked at once; the rest waits its turn. */
const WIDTH = 16;
const TRIES = 3;

export interface Target {
  name: string;
  stop(): Promise<{ in_flight: InFlightAction[]; unacknowledged: string[] }>;
}

/**
 * ENF-6: tells everyone in scope, paced, each up to three times. The answer is given after `within_ms` at the latest; what has not
 * acknowledged by then is still being told, and its permit ends meanwhile.
 */
export async function push(kill: Kill, targets: readonly Target[], within_ms: number): Promise<Pushed> {
  const waiting = new Set(targets.map((t) => t.name));
  const in_flight: InFlightAction[] = [];
  const late: string[] = [];
  const tell = async ({ name, stop }: Target): Promise<void> => {
    for (let n = 1; n <= TRIES; n++) {
      try {
        const answer = await stop();
        waiting.delete(name);
        in_flight.push(...answer.in_flight);
        late.push(...answer.unacknowledged);
        return;
      } catch {
        // It is told again, and after that its permit ends.
      }
    }
  };
  const left = [...targets];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) await tell(next);
  };
  let timer: ReturnType<typeof setTimeout> | null = null;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, within_ms);
  });
  await Promise.race([Promise.all(Array.from({ length: WIDTH }, lane)), patience]);
  if (timer !== null) clearTimeout(timer);
  const unacknowledged = [...waiting, ...late];
  const last = unacknowledged.length === 0 ? Date.now() : Date.parse(kill.at) + PERMIT_MS;
  return { kill, effective_at: iso(last), in_flight: [...in_flight], unacknowledged };
}
