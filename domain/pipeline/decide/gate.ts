import type { DomainError } from '../../errors.ts';
import { BUILTIN_ONLY, type Permit } from '../../governance/permit.ts';
import { err, ok, type Result } from '../../result.ts';
import type { Command } from '../command.ts';
import type { GateDecision } from '../event/actions.ts';
import { type ActionState, holdsLiveToken, type StepState } from '../state.ts';
import { approvalOf, askForApproval } from './approvals.ts';
import { claimed, stale } from './claims.ts';
import { type Draft, wrongState } from './draft.ts';
import { recordViolation } from './ending.ts';
import { refusedByPermit } from './kill.ts';
import { afterAction } from './outcomes.ts';

/** `run`: act. `stopped`: the refusal is on record. `judge_again`: the facts have changed since they were judged. `no_permit`: ask again. */
export type Admitted = 'run' | 'stopped' | 'judge_again' | 'no_permit';

/** A step of ours asks on behalf of its agent; only the holder of the step's claim may (PIPE-8). */
export function admit(
  draft: Draft,
  { step_id, epoch, version, decision, permit }: Extract<Command, { kind: 'admit' }>,
): Result<Admitted, DomainError> {
  const held = claimed(draft, step_id, epoch);
  if (!held.ok) return held;
  const { work } = held.value;
  if (work.kind !== 'action') return stale('only actions pass the gate');
  return admitAction(draft, work.action_id, version, decision, permit);
}

/**
 * GOV-2: the one door. A decision is admitted only if the facts it was judged on (`version`) still hold; a denial is final in the same
 * commit, and ends the step that was to act; one that needs a person is parked (GOV-5). An action that no step works on is an outside agent's own (GOV-7).
 */
export function admitAction(
  draft: Draft,
  action_id: string,
  version: number,
  decision: GateDecision,
  permit: Permit | null,
): Result<Admitted, DomainError> {
  const action = draft.state.actions[action_id];
  if (!action) return err({ code: 'not_found', what: `action ${action_id}` });
  if (action.outcome) return stale('the action is over');
  if (draft.state.gate_closed)
    return wrongState(
      draft.state,
      'the gate is closed',
      [],
      'nothing more is authorised in this run; begin another: POST /api/spawn, for an outside agent POST /api/agents',
    );
  // The alarm that closes the gate at the lease's end may be late; the lease is not.
  if (!holdsLiveToken(draft.state, action.request.agent_id, draft.at))
    return wrongState(
      draft.state,
      'the agent has no live token',
      [],
      'ask again when it has one: GET /api/pipeline/token shows them',
    );
  const unpermitted = refusedByPermit(draft, permit);
  if (unpermitted !== null) return ok(draft.state.gate_closed ? 'stopped' : 'no_permit');
  // A retry of an action that was admitted before is judged again too: authority may have shrunk since.
  if (version !== draft.state.facts_seq || !judgedUnder(decision, permit)) return ok('judge_again');
  if (waitsForPerson(draft, action_id)) return ok('stopped');
  draft.emit('action_decided', { action_id, decision });
  if (decision.decision === 'allow') return ok('run');
  if (decision.decision === 'require_approval') {
    const step = stepOf(draft, action_id);
    if (step) endStep(draft, step);
    askForApproval(draft, action, decision, step !== undefined);
    return ok('stopped');
  }
  refuse(draft, action, decision);
  return ok('stopped');
}

/** GOV-4: a version that was published meanwhile, or another mode, is another judgement. */
const judgedUnder = (decision: GateDecision, permit: Permit | null): boolean =>
  (decision.tenant_policy ?? BUILTIN_ONLY) === permit?.policy_version &&
  (decision.judged?.mode ?? 'enforce') === permit.mode;

/** What the agent is told instead of a result: which rule, and what would be needed. */
function refuse(draft: Draft, { action_id, request }: ActionState, decision: GateDecision): void {
  const refusal = {
    denied: true,
    rule: decision.determining[0] ?? 'default_deny',
    reason: decision.reason,
    remedy: decision.remedy,
  };
  draft.emit('action_finished', {
    action_id,
    status: 'denied',
    result: JSON.stringify(refusal),
    result_sha256: null,
    truncated: false,
    error: decision.reason,
    origin: [],
  });
  const step = stepOf(draft, action_id);
  if (step) endStep(draft, step);
  if (decision.violation) {
    recordViolation(draft, {
      agent_id: request.agent_id,
      ...decision.violation,
      evidence: `${request.tool} on ${request.target || 'no target'}: ${decision.reason}`,
    });
  }
  afterAction(draft, action_id);
}

const waitsForPerson = (draft: Draft, action_id: string): boolean =>
  approvalOf(draft.state, action_id)?.status === 'pending';

const stepOf = (draft: Draft, action_id: string): StepState | undefined =>
  Object.values(draft.state.steps).find(({ work }) => work.kind === 'action' && work.action_id === action_id);

/** The step that was to run the action is done: nothing is left to run. */
function endStep(draft: Draft, { step_id, epoch }: StepState): void {
  draft.emit('step_completed', { step_id, epoch, usage: null });
}
