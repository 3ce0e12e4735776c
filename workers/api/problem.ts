import { PROBLEMS, type Problem, type ProblemCode } from '#contract/problem.ts';
import type { DomainError } from '#domain/errors.ts';
import type { ControlError } from '#objects/tenant/rpc.ts';
import type { CredentialError } from '#workers/credentials/index.ts';

type Extras = Partial<Pick<Problem, 'remedy' | 'field' | 'allowed' | 'findings'>> & {
  /** Seconds, for 429 and 503. */
  retry_after_s?: number;
  /** For 405. */
  allow?: string;
};

/** What to do next, where the code alone says enough; a more exact one may come with the refusal. */
const REMEDIES: Record<ProblemCode, string> = {
  bad_json: 'Send one JSON document in UTF-8.',
  validation_failed: 'Compare the request with GET /api/docs and send it again.',
  unauthenticated: 'Send `Authorization: Bearer <key>`, or sign in with POST /api/auth/session.',
  forbidden: 'Ask an admin of the tenant for a key with a role that may do this: `ags key create`.',
  origin_refused: 'Send the request from the dashboard’s own address, with the header `X-AGS-CSRF: 1`.',
  tier_not_permitted:
    'Ask for a lower `tier` (`ags run --tier N`), or have somebody with a higher role spawn it.',
  agent_suspended: 'An admin can look into it with `ags agents show`, and lift it with `ags agents grant`.',
  not_found: 'Check the id; GET /api/pipelines and GET /api/plans list what there is.',
  method_not_allowed: 'Use one of the methods in the Allow header.',
  not_earned: 'Let it earn the tier, or have an admin grant it: `ags agents grant ID --tier N --reason R`.',
  wrong_state: 'Look at GET /api/pipeline for the state it is in.',
  idempotency_conflict:
    'Send the new request under another Idempotency-Key, or the first one again as it was.',
  version_exists: 'Raise `version` in the plan and store it again: POST /api/plans.',
  policy_changed: 'Read the policies in force with GET /api/policies/current and publish on top of them.',
  policy_invalid:
    'Mend the findings; POST /api/policies/check (`ags policy check`) repeats the test without publishing.',
  host_not_allowed: 'An administrator of the deployment can add the host to AGS_HTTP_ALLOW.',
  already_exists:
    'Use what exists (`ags project list`, `ags mcp list`, `ags tenant list`), or choose another name.',
  self_approval:
    'Ask another person of the tenant to decide: `ags approve ID`, POST /api/approvals/{approval_id}/decision.',
  person_needed:
    'Sign in as a person (`ags auth login`), or use a person’s key: GET /api/auth/whoami says whose it is.',
  already_decided: 'Look at GET /api/approvals for what was decided.',
  action_changed:
    'Read it again and decide on what it says now: GET /api/approvals (`ags approvals`), GET /api/mcp-servers (`ags mcp tools`).',
  outcome_conflict:
    'Look at the outcome on record: GET /api/actions/{action_id}; a person settles an unknown one with `ags pipeline resolve`.',
  approval_expired:
    'Ask again: for an action POST /api/actions under another Idempotency-Key, for a tier `ags pipeline fallback`.',
  rate_limited:
    'Wait for the time in Retry-After; an agent that goes on for a second minute loses its token.',
  archived:
    'Read its evidence from the archive: `ags archive get PIPELINE`, or GET /api/archives/{pipeline_id}.',
  killed: 'Have a person lift it: `ags lift ID`; `ags stop list` shows who threw it and why.',
  evidence_conflict: 'Keep both copies and tell who runs the deployment: one of them was changed.',
  pipeline_ended:
    'An ended pipeline takes nothing any more; spawn another with POST /api/spawn (`ags run`), or go on from it with `ags pipeline fork`.',
  payload_too_large: 'Send less; long documents belong into a plan’s context files.',
  preflight_failed:
    'Mend the findings; POST /api/plans/check (`ags plan check`) repeats the test without a spawn.',
  confirmation_required: 'Send the same request with `confirm: true`.',
  upgrade_required: 'Open it as a WebSocket, with a ticket from POST /api/tickets.',
  error_budget_spent:
    'Find out why agents fail (`GET /api/observability/errors`, `ags quota show`); wait for the time in Retry-After, or have an admin lift it: `ags quota lift-errors --reason R`.',
  quota_exceeded:
    'Wait for the time in Retry-After, or end pipelines that are not needed (`ags pipeline list`); `ags quota show` says what is used, `ags quota set` raises it.',
  not_implemented_here: 'See GET /api/docs for what this deployment offers.',
  pipeline_halted: 'Deploy the version that wrote the pipeline’s log; it goes on by itself then.',
  ledger_unavailable: 'Try again shortly; spawn, steps and live state go on meanwhile.',
  archive_unavailable:
    'Try again shortly; if it stays, tell who runs the deployment: the bucket lacks the file.',
  misconfigured: 'Set the named variables (`wrangler secret put NAME`) and deploy again.',
  overloaded: 'Try again after the time in Retry-After.',
  internal: 'Try again; if it stays, report the trace id.',
};

/** A refusal on its way to the wire. Thrown by handlers, turned into a response in one place. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly extras: Extras;
  constructor(code: ProblemCode, detail: string, extras: Extras = {}) {
    super(detail);
    this.code = code;
    this.extras = extras;
  }
}

/** API-2: the one mapping from the errors of the core to the wire. */
export function problemOf(error: DomainError | ControlError | CredentialError): ProblemError {
  if ('kind' in error) return new ProblemError('overloaded', error.message, { retry_after_s: 5 });
  switch (error.code) {
    case 'not_found':
      return new ProblemError('not_found', `There is no ${error.what} here.`);
    case 'wrong_state':
      return new ProblemError('wrong_state', error.detail, { allowed: error.allowed, remedy: error.remedy });
    case 'invalid':
      return new ProblemError('validation_failed', error.detail, { field: error.field });
    case 'not_offered':
      return new ProblemError('not_implemented_here', error.detail);
    case 'halted':
      return new ProblemError('pipeline_halted', `Nothing is decided here any more: ${error.detail}.`);
    case 'archived':
      return new ProblemError('archived', error.detail, {
        remedy: `Read its evidence from the archive: \`ags archive get ${error.pipeline_id}\`, or GET /api/archives/${error.pipeline_id}.`,
      });
    case 'rate_limited':
      return new ProblemError('rate_limited', error.detail, { retry_after_s: error.retry_after_s });
    case 'killed':
      return new ProblemError('killed', error.detail, {
        remedy: `Have a person lift it: \`ags lift ${error.kill_id}\`.`,
      });
    case 'quota_exceeded':
    case 'error_budget_spent':
      return new ProblemError(error.code, error.detail, { retry_after_s: error.retry_after_s });
    case 'session_over':
      return new ProblemError('unauthenticated', error.detail, {
        remedy: 'Register again: POST /api/agents, or `ags connect`.',
      });
    case 'not_earned':
    case 'pipeline_ended':
    case 'idempotency_conflict':
    case 'confirmation_required':
    case 'self_approval':
    case 'person_needed':
    case 'already_decided':
    case 'action_changed':
    case 'outcome_conflict':
    case 'approval_expired':
    case 'already_exists':
    case 'version_exists':
    case 'policy_changed':
    case 'unauthenticated':
      return new ProblemError(error.code, error.detail);
  }
}

/** RFC 9457. */
export function problemResponse(error: ProblemError, traceId: string): Response {
  const { status, title } = PROBLEMS[error.code];
  const { retry_after_s, allow, remedy, ...rest } = error.extras;
  const body: Problem = {
    type: `/api/docs/errors#${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    remedy: remedy ?? REMEDIES[error.code],
    ...rest,
    trace_id: traceId,
  };
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (retry_after_s !== undefined) headers.set('retry-after', String(Math.max(1, Math.ceil(retry_after_s))));
  if (allow !== undefined) headers.set('allow', allow);
  if (error.code === 'unauthenticated') headers.set('www-authenticate', 'Bearer realm="ags"');
  return new Response(JSON.stringify(body), { status, headers });
}

export const remedyOf = (code: ProblemCode): string => REMEDIES[code];
