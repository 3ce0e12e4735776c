/** ENF-6: from one agent to the whole deployment. */
export const KILL_SCOPES = ['agent', 'pipeline', 'project', 'tenant', 'system'] as const;
export type KillScope = (typeof KILL_SCOPES)[number];

/** A kill switch that was thrown. `id` names what it stops; for `system` it is `system`. */
export interface Kill {
  kill_id: string;
  scope: KillScope;
  id: string;
  reason: string;
  /** Who threw it: `person:…`, `service:…`, `platform:admin`. */
  by: string;
  /** RFC 3339. */
  at: string;
}

/** GOV-10: `observe` records what would have been denied; forbidden actions and kill switches still stop. */
export const GATE_MODES = ['enforce', 'observe'] as const;
export type GateMode = (typeof GATE_MODES)[number];

/** GOV-4: in place of a version when a tenant has published no policies of its own. */
export const BUILTIN_ONLY = 'builtin';

/** ENF-6: the longest that work may go on without hearing from above (ms). */
export const PERMIT_MS = 5_000;

/** What a tenant lets its pipelines do for a while: the one door through which authority from above the pipeline comes. */
export interface Authority {
  /** The switch that stops this pipeline's project, tenant or deployment; null for none. */
  killed: Kill | null;
  /** GOV-4: of the tenant's own policies that are in force, with their hash: `3:9f86…`; {@link BUILTIN_ONLY} for none. */
  policy_version: string;
  mode: GateMode;
  /** OPS-1: dependencies whose breakers are not closed, by name; what needs one of them asks before it calls. Absent: none. */
  troubled?: string[];
  /** ENF-5: the tenant's error budget is spent: agents begin nothing. Absent or null: it is not. */
  budget_spent?: { since: string; detail: string } | null;
}

/** As granted: for how long from when it was asked for (ms). Clocks of two machines are never compared. */
export interface Grant extends Authority {
  ttl_ms: number;
}

/** As held: until when by the holder's own clock (ms since the epoch). */
export interface Permit extends Authority {
  expires_at: number;
}

/** Counted from when it was asked for, so that the holder never believes in it longer than its giver. */
export function permitOf({ ttl_ms, ...authority }: Grant, asked_at: number): Permit {
  return { ...authority, expires_at: asked_at + Math.min(ttl_ms, PERMIT_MS) };
}

export const isCurrent = (permit: Permit | null, now: number): permit is Permit =>
  permit !== null && now < permit.expires_at;
