import type { Role } from '../agents/roles.ts';
import type { Tier } from '../governance/tier.ts';
import type { Limits } from './limits.ts';

/** AGENT-2. `workers_ai` is reached through its OpenAI-compatible endpoint. */
export const PROVIDERS = ['openrouter', 'compatible', 'workers_ai', 'embedded'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** Micro-USD per million tokens. */
export interface Price {
  input: number;
  output: number;
}

export interface ModelChoice {
  provider: Provider;
  model: string;
  /** Tried in order when the one before cannot answer. */
  fallbacks: string[];
  max_tokens: number;
  /** PIPE-11: of the dearest of model and fallbacks; absent: unknown, and no cost is reserved. */
  price?: Price;
}

/** RUN-5: switches of the embedded model; refused with any other provider. `times` counts executions of a step. */
export type Misbehaviour = { agent: Role; attempts?: number } & Misbehaviours;

/** `attempts`: the switch works in the first so many runs of a lineage (attempts and generations), so that a later one can succeed. */
type Misbehaviours =
  | { kind: 'stall'; seconds: number; times: number }
  | { kind: 'error'; status: number; times: number }
  | { kind: 'error_in_stream'; times: number }
  | { kind: 'invalid_json'; times: number }
  | { kind: 'disagree'; rounds: number }
  | { kind: 'forbidden_action'; action: string; target: string }
  | { kind: 'gullible' };

/** A context document with its text. */
export interface PlanDocument {
  name: string;
  media_type: string;
  origin: 'trusted' | 'untrusted';
  text: string;
}

/** A plan with everything resolved: inputs filled in, files read, defaults applied. What a pipeline runs. */
export interface ResolvedPlan {
  plan_id: string;
  name: string;
  version: string;
  sha256: string;
  objective: string;
  tier: Tier;
  documents: PlanDocument[];
  models: Record<Role, ModelChoice>;
  misbehave: Misbehaviour[];
  limits: Limits;
  stages: Stage[];
  /** GOV-5: tools that a person approves before each call, over what the policies ask for; absent: none. */
  approvals?: string[];
}

export const STAGE_KINDS = ['agent', 'consensus', 'gate', 'action'] as const;

/** DSL-1: the graph of a plan. Without stages it is planner, then consensus. */
export interface Stage {
  id: string;
  kind: (typeof STAGE_KINDS)[number];
  after: string[];
}
