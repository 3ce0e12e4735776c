import type { DomainError } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import type { Command, Context } from './command.ts';
import { decideApproval } from './decide/approvals.ts';
import { claim, progress } from './decide/claims.ts';
import { completeStep } from './decide/complete.ts';
import { recordRenewals, retireSuperseded } from './decide/credentials.ts';
import { Draft } from './decide/draft.ts';
import { seal } from './decide/ending.ts';
import { failStep } from './decide/fail.ts';
import { fallback } from './decide/fallback.ts';
import { type Admitted, admit } from './decide/gate.ts';
import { kill, lift } from './decide/kill.ts';
import {
  abort,
  cancel,
  continueRun,
  deadLetter,
  log,
  redrive,
  resolveAction,
  revoke,
} from './decide/operate.ts';
import { ask, endRun, judge, register, report } from './decide/outside.ts';
import { holdIfIdle, pause, resume } from './decide/pause.ts';
import { spawn } from './decide/spawn.ts';
import { tick } from './decide/tick.ts';
import type { EventType, NewEvent } from './event.ts';
import type { PipelineState } from './state.ts';

export interface Decision {
  events: NewEvent[];
  /** The state with the events folded in. */
  state: PipelineState;
  /** Of an `admit`: whether the worker may run the tool. */
  admission: Admitted | null;
  /** Of a `complete`: the steps that its worker goes on with. */
  claimed: readonly string[];
  /** The asker is told no, and what that led to commits (ENF-4). */
  refused: DomainError | null;
}

/** PIPE-6: what may become known of a run after its end; each is appended, and the log is sealed again. */
const LATER_FACTS: readonly EventType[] = [
  'log_written',
  'fallback_chosen',
  'action_finished',
  'action_resolved',
  'failure_context_stored',
  'token_confirmed_gone',
  'kill_switch_thrown',
  'kill_switch_lifted',
];

/**
 * What a command does to a pipeline, or why it may not (PIPE-7). Pure: the same state, command and context always decide the
 * same. No events is a valid decision: a repeated spawn, a tick with nothing due.
 */
export function decide(
  state: PipelineState,
  command: Command,
  context: Context,
): Result<Decision, DomainError> {
  if (command.kind !== 'spawn' && !state.spawned) return err({ code: 'not_found', what: 'pipeline' });
  const draft = new Draft(state, context);
  const done = dispatch(draft, command);
  if (!done.ok) return done;
  // Whatever ended the last step in flight completes a pause (PIPE-10).
  holdIfIdle(draft);
  retireSuperseded(draft);
  if (state.sealed && draft.events.some((e) => LATER_FACTS.includes(e.type))) seal(draft);
  return ok({
    events: draft.events,
    state: draft.state,
    admission: done.value ?? null,
    claimed: draft.claimed,
    refused: draft.refused,
  });
}

function dispatch(draft: Draft, command: Command): Result<Admitted | undefined, DomainError> {
  switch (command.kind) {
    case 'spawn':
      return spawn(draft, command);
    case 'continue':
      return continueRun(draft, command);
    case 'cancel':
      return cancel(draft, command);
    case 'abort':
      return abort(draft, command);
    case 'pause':
      return pause(draft, command);
    case 'resume':
      return resume(draft, command);
    case 'fallback':
      return fallback(draft, command);
    case 'decide_approval':
      return decideApproval(draft, command);
    case 'resolve_action':
      return resolveAction(draft, command);
    case 'kill':
      return kill(draft, command);
    case 'lift':
      return lift(draft, command);
    case 'revoke':
      return revoke(draft, command);
    case 'end':
      return endRun(draft, command);
    case 'register':
      return register(draft, command);
    case 'ask':
      return ask(draft, command);
    case 'judge':
      return judge(draft, command);
    case 'report':
      return report(draft, command);
    case 'log':
      return log(draft, command);
    case 'redrive':
      return redrive(draft, command);
    case 'dead_letter':
      return deadLetter(draft, command);
    case 'claim':
      return claim(draft, command);
    case 'progress':
      return progress(draft, command);
    case 'record_renewals':
      return recordRenewals(draft, command);
    case 'admit':
      return admit(draft, command);
    case 'complete':
      return completeStep(draft, command);
    case 'fail':
      return failStep(draft, command);
    case 'tick':
      return tick(draft, command);
  }
}
