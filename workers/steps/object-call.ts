import type { PipelinePort, StepDeps } from './ports.ts';

/** With the delays below about 3 s: long enough for an object that is being restarted, far below the lease of a claim. */
const ATTEMPTS = 6;
const FIRST_DELAY_MS = 50;

/** The object could not be asked. `overloaded`: asking again would make it worse (rule 9). */
export class ObjectUnreachable extends Error {
  readonly overloaded: boolean;
  constructor(overloaded: boolean) {
    super(overloaded ? 'the pipeline object is overloaded' : 'the pipeline object cannot be reached');
    this.overloaded = overloaded;
  }
}

const isOverloaded = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'overloaded' in thrown && thrown.overloaded === true;

export type AskPipeline = <T>(ask: (pipeline: PipelinePort) => Promise<T>) => Promise<T>;

/**
 * Calls of one pipeline's object, repeated with jitter on a fresh stub. Every call may be repeated: what was accepted the first
 * time is refused as stale the second, which changes nothing. Throws {@link ObjectUnreachable}.
 */
export const askPipeline =
  (deps: Pick<StepDeps, 'pipeline' | 'clocks'>, tenant: string, pipelineId: string): AskPipeline =>
  async (ask) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(deps.pipeline(tenant, pipelineId));
      } catch (thrown) {
        if (isOverloaded(thrown)) throw new ObjectUnreachable(true);
        if (attempt === ATTEMPTS) throw new ObjectUnreachable(false);
        await deps.clocks.sleep(FIRST_DELAY_MS * 2 ** attempt * (0.5 + deps.clocks.random()));
      }
    }
  };
