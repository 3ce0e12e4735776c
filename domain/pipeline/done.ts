import { hashJson } from '../ledger/canonical.ts';
import type { DoneAction } from './event/recovery.ts';
import type { ActionState, PipelineState } from './state.ts';

interface Asked {
  tool: string;
  arguments: Record<string, unknown>;
  target: string;
}

/** What makes an action the same one in another run, whichever agent asks for it there. */
const sameAction = ({ tool, arguments: args, target }: Asked): string =>
  hashJson({ tool, arguments: args, target });

/** REC-6: reading again does no harm; what changes something is done when it succeeded, or may be when nobody knows. */
function howDone({ decision, outcome }: ActionState): DoneAction['status'] | null {
  if (decision?.decision !== 'allow' || decision.effect === 'pure') return null;
  if (outcome) return outcome.status === 'succeeded' ? 'succeeded' : null;
  return decision.effect === 'once' ? 'unknown' : null;
}

/** What earlier runs did that this one goes on from, as far as somebody here has found out since what became of it. */
function doneEarlier(state: PipelineState): DoneAction[] {
  const told = [...(state.forked?.done ?? []), ...(state.inherited?.handoff.done ?? [])];
  if (told.every((d) => d.status !== 'unknown')) return told;
  const ended = new Map(
    Object.values(state.actions).flatMap((a) =>
      a.outcome ? [[sameAction(a.request), a.outcome.status] as const] : [],
    ),
  );
  return told.flatMap((d): DoneAction[] => {
    const status = d.status === 'unknown' ? (ended.get(d.sha256) ?? 'unknown') : d.status;
    return status === 'succeeded' || status === 'unknown' ? [{ ...d, status }] : [];
  });
}

/** PIPE-7, REC-3: an earlier run did just this, or may have; null: it is this run's to do. */
export function doneBefore(state: PipelineState, asked: Asked): DoneAction | null {
  if (!state.forked?.done && !state.inherited?.handoff.done) return null;
  const sha256 = sameAction(asked);
  return doneEarlier(state).findLast((d) => d.sha256 === sha256) ?? null;
}

/** What a fork or a successor must not do a second time: this run's own, and what it was told itself; the newest word on each. */
export function doneSoFar(state: PipelineState): DoneAction[] {
  const own = Object.values(state.actions).flatMap((action): DoneAction[] => {
    const status = howDone(action);
    const { tool, target } = action.request;
    return status === null
      ? []
      : [{ action_id: action.action_id, tool, target, sha256: sameAction(action.request), status }];
  });
  return [...new Map([...doneEarlier(state), ...own].map((d) => [d.sha256, d])).values()];
}
