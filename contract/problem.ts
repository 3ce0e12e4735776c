import * as z from 'zod';

/** API-2: every error that the API answers with, once. `remedy` says the next command or call. */
export const PROBLEMS = {
  bad_json: { status: 400, title: 'The body is not valid JSON' },
  validation_failed: { status: 422, title: 'The request does not fit its schema' },
  unauthenticated: { status: 401, title: 'A valid key or session is needed' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  origin_refused: { status: 403, title: 'The request came from another site' },
  tier_not_permitted: { status: 403, title: 'The caller may not grant this tier' },
  agent_suspended: { status: 403, title: 'An agent of this plan is suspended' },
  not_found: { status: 404, title: 'There is no such thing here' },
  method_not_allowed: { status: 405, title: 'This path does not have that method' },
  not_earned: { status: 409, title: 'The rule for this change of tier is not met' },
  wrong_state: { status: 409, title: 'The pipeline is not in a state that allows this' },
  idempotency_conflict: { status: 409, title: 'The Idempotency-Key was used with another body' },
  version_exists: { status: 409, title: 'This version of the plan exists with other content' },
  policy_changed: { status: 409, title: 'Other policies were published meanwhile' },
  policy_invalid: { status: 422, title: 'The policies cannot be published as they are' },
  host_not_allowed: { status: 409, title: 'This deployment does not let that host be reached' },
  already_exists: { status: 409, title: 'This exists already' },
  self_approval: { status: 403, title: 'Nobody approves what they asked for themselves' },
  person_needed: { status: 403, title: 'This takes a person' },
  already_decided: { status: 409, title: 'This has been decided' },
  action_changed: { status: 409, title: 'What is to be approved has changed' },
  outcome_conflict: { status: 409, title: 'The outcome is known already' },
  approval_expired: { status: 410, title: 'The approval has expired' },
  archived: { status: 410, title: 'The pipeline lies in the archive' },
  killed: { status: 409, title: 'A kill switch stands' },
  evidence_conflict: { status: 409, title: 'The log contradicts the pipeline' },
  pipeline_ended: { status: 409, title: 'The pipeline has ended' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  preflight_failed: { status: 422, title: 'The plan cannot run as it is' },
  confirmation_required: { status: 422, title: 'This needs an explicit confirmation' },
  upgrade_required: { status: 426, title: 'This path speaks WebSocket or server-sent events' },
  rate_limited: { status: 429, title: 'Too many calls in a minute' },
  error_budget_spent: { status: 429, title: 'The tenant’s error budget is spent' },
  quota_exceeded: { status: 429, title: 'A quota of the tenant is used up' },
  not_implemented_here: { status: 501, title: 'This deployment does not offer that yet' },
  pipeline_halted: {
    status: 503,
    title: 'The pipeline is halted: a newer version of the system wrote its log',
  },
  ledger_unavailable: { status: 503, title: 'The ledger database cannot be reached' },
  archive_unavailable: { status: 503, title: 'The archive cannot be read' },
  misconfigured: { status: 503, title: 'This deployment is not configured rightly' },
  overloaded: { status: 503, title: 'Too much is going on; try again' },
  internal: { status: 500, title: 'Something broke on our side' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof PROBLEMS;

/** RFC 9457, with a stable code, the next step, and the trace id to ask about. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    remedy: z.string(),
    field: z.string().optional(),
    trace_id: z.string(),
    /** wrong_state: the states that allow it. */
    allowed: z.array(z.string()).optional(),
    /** preflight_failed, plan errors. */
    findings: z.array(z.unknown()).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
