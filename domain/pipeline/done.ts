import { hashJson } from '../ledger/canonical.ts';
import type { DoneAction } from './event.ts';
import type { ActionState, PipelineState } from './state.ts';

/** What makes an action the same one in another run, whichever agent asks for it there. */
export const sameAction = (action: {
  tool: string;
  arguments: Record<string, unknown>;
  target: string;
}): string => hashJson({ tool: action.tool, arguments: action.arguments, target: action.target });

/** REC-6: reading again does no harm; what changes something is done when it succeeded, or may be when nobody knows. */
function howDone({ decision, outcome }: ActionState): DoneAction['status'] | null {
  if (decision?.decision !== 'allow' || decision.effect === 'pure') return null;
  if (outcome) return outcome.status === 'succeeded' ? 'succeeded' : null;
  return decision.effect === 'once' ? 'unknown' : null;
}

/** What earlier runs did that this one goes on from. */
export const doneBefore = ({ forked, inherited }: PipelineState): DoneAction[] => [
  ...(forked?.done ?? []),
  ...(inherited?.handoff.done ?? []),
];

/** PIPE-7, REC-3: what a fork or a successor must not do a second time, this run's own and what it was told itself; the newest word on each. */
export function doneSoFar(state: PipelineState): DoneAction[] {
  const own = Object.values(state.actions).flatMap((action): DoneAction[] => {
    const status = howDone(action);
    const { tool, target } = action.request;
    return status === null
      ? []
      : [{ action_id: action.action_id, tool, target, sha256: sameAction(action.request), status }];
  });
  return [...new Map([...doneBefore(state), ...own].map((d) => [d.sha256, d])).values()];
}
