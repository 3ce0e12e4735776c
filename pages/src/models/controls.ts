import type { Caller } from '#contract/access.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import { isEnded } from '#domain/pipeline/states.ts';

export interface Controls {
  continue: boolean;
  stop: boolean;
}

const MAY_OPERATE: readonly Caller['role'][] = ['operator', 'admin'];

/** TEN-2: viewers and auditors watch. */
export const mayOperate = (caller: Caller): boolean => MAY_OPERATE.includes(caller.role);

/** The buttons that fit the newest state; what time travel shows never decides them. */
export const controlsFor = (pipeline: Pipeline, caller: Caller): Controls => {
  const able = mayOperate(caller) && !isEnded(pipeline.state);
  return { continue: able && pipeline.waiting_for === 'continue', stop: able };
};
