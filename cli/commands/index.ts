import type { Verb } from '../verb.ts';
import { demote, grant, promote } from './agents/decide.ts';
import agentsList from './agents/list.ts';
import agentsShow from './agents/show.ts';
import approvals from './approvals.ts';
import { approve, deny } from './approve.ts';
import archiveGet from './archive/get.ts';
import archiveList from './archive/list.ts';
import link from './auth/link.ts';
import profiles from './auth/list.ts';
import login from './auth/login.ts';
import logout from './auth/logout.ts';
import whoami from './auth/whoami.ts';
import { completionVerb } from './completion.ts';
import connect from './connect.ts';
import doctor from './doctor.ts';
import erase from './erase.ts';
import evidenceGet from './evidence/get.ts';
import evidenceRedact from './evidence/redact.ts';
import evidenceShow from './evidence/show.ts';
import evidenceVerify from './evidence/verify.ts';
import keyCreate from './key/create.ts';
import keyList from './key/list.ts';
import keyRevoke from './key/revoke.ts';
import keyRotate from './key/rotate.ts';
import audit from './ledger/audit.ts';
import ledgerExport from './ledger/export.ts';
import head from './ledger/head.ts';
import ledgerKeys from './ledger/keys.ts';
import ledgerQuery from './ledger/query.ts';
import ledgerStatus from './ledger/status.ts';
import witness from './ledger/witness.ts';
import mcpAdd from './mcp/add.ts';
import mcpList from './mcp/list.ts';
import mcpLook from './mcp/look.ts';
import mcpPin from './mcp/pin.ts';
import mcpRefuse from './mcp/refuse.ts';
import mcpRemove from './mcp/remove.ts';
import mcpTools from './mcp/tools.ts';
import continueVerb from './pipeline/continue.ts';
import end from './pipeline/end.ts';
import fallback from './pipeline/fallback.ts';
import fork from './pipeline/fork.ts';
import lineage from './pipeline/lineage.ts';
import list from './pipeline/list.ts';
import log from './pipeline/log.ts';
import logs from './pipeline/logs.ts';
import redrive from './pipeline/redrive.ts';
import resolve from './pipeline/resolve.ts';
import show from './pipeline/show.ts';
import spawn from './pipeline/spawn.ts';
import { abort, cancel, pause, resume } from './pipeline/steer.ts';
import { revoke, stop } from './pipeline/stop.ts';
import token from './pipeline/token.ts';
import verdict from './pipeline/verdict.ts';
import wait from './pipeline/wait.ts';
import watch from './pipeline/watch.ts';
import check from './plan/check.ts';
import policyBacktest from './policy/backtest.ts';
import policyCheck from './policy/check.ts';
import policyMode from './policy/mode.ts';
import policyPublish from './policy/publish.ts';
import policyReport from './policy/report.ts';
import policyShow from './policy/show.ts';
import policyVersions from './policy/versions.ts';
import projectCreate from './project/create.ts';
import projectList from './project/list.ts';
import quotaLiftErrors from './quota/lift-errors.ts';
import quotaSet from './quota/set.ts';
import quotaShow from './quota/show.ts';
import run from './run.ts';
import lift from './stop/lift.ts';
import stopList from './stop/list.ts';
import { throwVerbs } from './stop/throw.ts';
import tenantCreate from './tenant/create.ts';
import tenantList from './tenant/list.ts';
import violations from './violations.ts';

/** In the order of the help. */
const OWN: Verb[] = [
  run,
  spawn,
  list,
  show,
  watch,
  wait,
  logs,
  log,
  lineage,
  token,
  verdict,
  continueVerb,
  pause,
  resume,
  abort,
  cancel,
  end,
  fallback,
  fork,
  redrive,
  resolve,
  stop,
  revoke,
  ...throwVerbs,
  stopList,
  lift,
  violations,
  approvals,
  approve,
  deny,
  agentsList,
  agentsShow,
  promote,
  demote,
  grant,
  evidenceGet,
  evidenceVerify,
  evidenceShow,
  evidenceRedact,
  archiveList,
  archiveGet,
  erase,
  ledgerKeys,
  head,
  audit,
  witness,
  check,
  policyCheck,
  policyShow,
  policyVersions,
  policyPublish,
  policyBacktest,
  policyReport,
  policyMode,
  login,
  logout,
  whoami,
  profiles,
  link,
  connect,
  mcpAdd,
  mcpList,
  mcpTools,
  mcpLook,
  mcpPin,
  mcpRefuse,
  mcpRemove,
  ledgerQuery,
  ledgerExport,
  ledgerStatus,
  keyCreate,
  keyList,
  keyRotate,
  keyRevoke,
  projectCreate,
  projectList,
  quotaShow,
  quotaSet,
  quotaLiftErrors,
  tenantCreate,
  tenantList,
  doctor,
];

export const VERBS: Verb[] = [...OWN, completionVerb(() => VERBS)];
