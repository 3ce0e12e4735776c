import { action } from './action.ts';
import { alpha } from './alpha.ts';
import { beta } from './beta.ts';
import { bootstrap } from './bootstrap.ts';
import type { StepContext } from './context.ts';
import { spawnDiagnostic } from './diagnostic.ts';
import { gamma } from './gamma.ts';
import { login } from './login.ts';
import { malformed, type StepOutcome } from './outcome.ts';
import { planner } from './planner.ts';
import { revoke } from './revoke.ts';
import { storeContext } from './store-context.ts';
import { spawnSuccessor } from './successor.ts';
import { runTurn } from './turn.ts';

/** AGENT-1: who fills which schema. */
async function turn(context: StepContext): Promise<StepOutcome> {
  const { turn: assigned } = context.assignment;
  if (assigned === null) return malformed('A turn step carries no turn.');
  switch (assigned.schema) {
    case 'planner_report':
      return runTurn(context, assigned, planner);
    case 'research_turn':
      return runTurn(context, assigned, alpha);
    case 'synthesis_turn':
      return runTurn(context, assigned, beta);
    case 'mediation_turn':
      return runTurn(context, assigned, gamma);
  }
}

/** The work of one claimed step (PIPE-8). */
export async function work(context: StepContext): Promise<StepOutcome> {
  const { assignment } = context;
  switch (assignment.work.kind) {
    case 'credentials_login':
      return login(context);
    case 'agent_bootstrap':
      return bootstrap(context);
    case 'agent_turn':
    case 'synthesis':
      return turn(context);
    case 'action':
      return assignment.action === null
        ? malformed('An action step carries no action.')
        : action(context, assignment.action);
    case 'store_context':
      return storeContext(context);
    case 'spawn_diagnostic':
      return spawnDiagnostic(context);
    case 'spawn_successor':
      return spawnSuccessor(context);
    case 'revoke':
      return revoke(context, assignment.work);
    default:
      return malformed('This worker does not know this kind of step; a newer one will.');
  }
}
