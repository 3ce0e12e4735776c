import type { ToolTraits } from '../../governance/gate.ts';
import type { GateMode } from '../../governance/permit.ts';
import type { Severity } from '../../governance/severity.ts';
import type { Tier } from '../../governance/tier.ts';

export const DECISIONS = ['allow', 'deny', 'require_approval'] as const;
export type Decision = (typeof DECISIONS)[number];

/** GOV-2: what the gate says about one action. */
export interface GateDecision {
  decision: Decision;
  /** Names of the rules that decided; at least one. */
  determining: string[];
  policy_version: string;
  reason: string;
  /** What would be needed instead; null when allowed. */
  remedy: string | null;
  /** REC-6: `once` is never repeated by itself. */
  effect: 'pure' | 'idempotent' | 'once';
  /** Set when the refusal is a violation (ENF-7). */
  violation: { rule: string; severity: Severity } | null;
  /** GOV-4: of all policies that were in force. */
  policy_sha256?: string;
  /** GOV-4: the tenant's own policies it was judged under, as the permit names them; absent: none. */
  tenant_policy?: string;
  /** GOV-3: what the action leaves behind for those after it. */
  labels?: string[];
  /** GOV-10: what a project that enforces would have been answered. */
  observed?: {
    decision: 'deny' | 'require_approval';
    determining: string[];
    reason: string;
    remedy: string | null;
  };
  /** GOV-4: the facts that are not in the request itself, so that it can be judged again under other policies. */
  judged?: {
    tier: Tier;
    role: string;
    labels: string[];
    approved: boolean;
    actions_left: number;
    mode: GateMode;
    /** Absent: the plan did not ask. */
    plan_asks?: boolean;
  };
}

/** GOV-8: `enforced`: we hold the credential and act; `cooperative`: the agent acts with its own and tells how it ended. */
export const ENFORCEMENTS = ['enforced', 'cooperative'] as const;
export type Enforcement = (typeof ENFORCEMENTS)[number];

/** What the gate takes a tool for that is not built in. */
export interface OutsideTool extends ToolTraits {
  /** GOV-9: of a fronted MCP server; the description must still be the pinned one when it is called. */
  server: { name: string; tool: string; pinned_sha256: string } | null;
}

/** GOV-1, GOV-7: what whoever registered an agent says of one of its own tools. */
export interface DeclaredTool extends Omit<ToolTraits, 'labels' | 'irreversible'> {
  name: string;
  irreversible: boolean;
}

/** GOV-7, GOV-8: what is known of a request that came from outside. */
export interface OutsideRequest {
  enforcement: Enforcement;
  idempotency_key: string | null;
  /** Of the arguments as they came; those on the event have secrets removed and long texts cut. */
  arguments_sha256: string;
  /** null: a built-in tool. */
  tool: OutsideTool | null;
}

/** What agents ask to do, what the gate said, and what came of it (GOV). */
export interface ActionEvents {
  action_requested: {
    action_id: string;
    agent_id: string;
    /** The turn that asked, and the model's own id of the call; null for an action of the winning proposal. */
    turn_step_id: string | null;
    call_id: string | null;
    tool: string;
    arguments: Record<string, unknown>;
    target: string;
    action_sha256: string;
    origin: string[];
    /** Present when an outside agent asked (GOV-7). */
    outside?: OutsideRequest;
  };
  action_decided: { action_id: string; decision: GateDecision };
  /** GOV-5: an action waits for a person; `sha256` binds agent, tool, arguments, target and the policies it was judged under. */
  action_approval_requested: {
    approval_id: string;
    action: 'run_action';
    action_id: string;
    agent_id: string;
    tool: string;
    arguments: Record<string, unknown>;
    target: string;
    reason: string;
    requested_by: string;
    policies: string[];
    policy_version: string;
    policy_sha256: string;
    sha256: string;
    expires_at: string;
    /** The action runs here, as a step: approving it makes it ready again. False for an outside agent's own act (GOV-7). */
    runs_here: boolean;
  };
  action_finished: {
    action_id: string;
    status: 'succeeded' | 'failed' | 'denied' | 'unknown';
    /** Bounded; `result_sha256` is of the whole. */
    result: string | null;
    result_sha256: string | null;
    truncated: boolean;
    error: string | null;
    origin: string[];
  };
  /** REC-6: a `once` action with intent and no outcome; never retried by itself. */
  action_unknown: { action_id: string; why: string };
  /** GOV-7: an outside agent was let through and never said how it ended. Nobody's work waits for it, unlike `action_unknown`. */
  action_unreported: { action_id: string; why: string };
  /** A person or a probe found out what became of it. */
  action_resolved: { action_id: string; status: 'succeeded' | 'failed'; reason: string };
  violation_recorded: {
    violation_id: string;
    agent_id: string | null;
    rule: string;
    severity: Severity;
    evidence: string;
    consequence: string;
  };
}
