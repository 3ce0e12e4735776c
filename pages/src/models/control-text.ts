import type { Pipeline } from '#contract/pipeline.ts';
import { MAX_ATTEMPTS } from '#domain/pipeline/rules.ts';
import type { Control } from './controls.ts';

export interface ControlText {
  label: string;
  title: string;
  description: string;
  confirm: string;
  reason: string;
  done: string;
  destructive?: boolean;
}

/** What each button of the header does, before it is done (UI-4). */
export const controlText = (control: Control, p: Pipeline): ControlText => {
  const run = `${p.plan_name} #${p.number}`;
  switch (control) {
    case 'continue':
      return {
        label: 'Continue',
        title: `Go on with ${run}?`,
        description: 'The agents get their tokens and begin with the first round of proposals.',
        confirm: 'Go on',
        reason: 'The planner’s report was read and is fine',
        done: 'Continued',
      };
    case 'resume':
      return {
        label: 'Resume',
        title: `Resume ${run}?`,
        description:
          'Work goes on where it was held, and the deadline’s clock with it. Tokens that were revoked meanwhile are asked for anew.',
        confirm: 'Go on',
        reason: 'Resumed from the dashboard',
        done: 'Resumed',
      };
    case 'pause':
      return {
        label: 'Pause',
        title: `Pause ${run}?`,
        description:
          'Steps in flight finish, then everything holds until somebody resumes it. The deadline’s clock stands still; after 30 minutes the tokens are revoked.',
        confirm: 'Hold it',
        reason: 'Paused from the dashboard',
        done: 'Pause asked for: steps in flight finish first',
      };
    case 'abort':
      return {
        label: 'Abort',
        title: `End ${run} early?`,
        description:
          p.attempt < MAX_ATTEMPTS
            ? `What there is so far is put together and sealed, this run ends with exit code 3, and attempt ${p.attempt + 1} of ${MAX_ATTEMPTS} goes on from there with what is left of the budget.`
            : `What there is so far is put together and sealed, and this run ends with exit code 1: it is the last of ${MAX_ATTEMPTS} attempts, so no successor follows.`,
        confirm: 'End it early',
        reason: 'Ended early from the dashboard',
        done: 'The run is being ended early',
        destructive: true,
      };
    case 'stop':
      return {
        label: 'Stop',
        title: `Stop ${run}?`,
        description:
          'Its gate closes at once, all of its tokens are revoked in Vault, and it ends as FAILED with exit code 1. Nothing follows it. This cannot be undone; the log and the proposals so far stay.',
        confirm: 'Stop and revoke',
        reason: 'Stopped from the dashboard',
        done: 'Stopped: the gate is closed',
        destructive: true,
      };
  }
};
