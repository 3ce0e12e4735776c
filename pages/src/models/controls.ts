import type { Caller } from '#contract/access.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';

/** The buttons of a pipeline's header, in their order. */
export const CONTROLS = ['continue', 'resume', 'pause', 'abort', 'stop'] as const;
export type Control = (typeof CONTROLS)[number];

const MAY_OPERATE: readonly Caller['role'][] = ['operator', 'admin'];

/** TEN-2: viewers and auditors watch. */
export const mayOperate = (caller: Caller): boolean => MAY_OPERATE.includes(caller.role);

/** As the log names who acted. */
export const actorOf = (caller: Caller): string => `${caller.subject_kind}:${caller.subject_id}`;

const FITS: Record<Control, (state: PipelineState) => boolean> = {
  continue: (s) => s.waiting_for === 'continue',
  resume: (s) => s.pause !== 'none',
  pause: (s) => s.pause === 'none' && s.waiting_for !== 'continue' && !s.failure && !s.recovery,
  // REC-2: after a failed consensus the fallbacks take its place.
  abort: (s) => !s.failure && !s.recovery,
  stop: () => true,
};

/** PIPE-10: the buttons that fit the newest state; what time travel shows never decides them. */
export const controlsFor = (state: PipelineState, caller: Caller): Control[] =>
  mayOperate(caller) && !state.outcome ? CONTROLS.filter((control) => FITS[control](state)) : [];

/** GOV-5: why this person cannot decide about what was asked for; null when they can. */
export function whyNotDecide(requestedBy: string, caller: Caller): string | null {
  if (!mayOperate(caller)) return `The role “${caller.role}” watches; an operator or admin decides.`;
  if (caller.subject_kind !== 'person') return 'Only persons decide about approvals.';
  return requestedBy === actorOf(caller)
    ? 'You asked for this yourself, so somebody else has to decide.'
    : null;
}
