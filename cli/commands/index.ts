import type { Verb } from '../verb.ts';
import link from './auth/link.ts';
import login from './auth/login.ts';
import logout from './auth/logout.ts';
import whoami from './auth/whoami.ts';
import { completionVerb } from './completion.ts';
import doctor from './doctor.ts';
import cancel from './pipeline/cancel.ts';
import continueVerb from './pipeline/continue.ts';
import list from './pipeline/list.ts';
import logs from './pipeline/logs.ts';
import show from './pipeline/show.ts';
import spawn from './pipeline/spawn.ts';
import { revoke, stop } from './pipeline/stop.ts';
import wait from './pipeline/wait.ts';
import watch from './pipeline/watch.ts';
import check from './plan/check.ts';
import run from './run.ts';

/** In the order of the help. */
const OWN: Verb[] = [
  run,
  spawn,
  list,
  show,
  watch,
  wait,
  logs,
  continueVerb,
  cancel,
  stop,
  revoke,
  check,
  login,
  logout,
  whoami,
  link,
  doctor,
];

export const VERBS: Verb[] = [...OWN, completionVerb(() => VERBS)];
