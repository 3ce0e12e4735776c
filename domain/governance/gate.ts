import { canonicalJson, sha256Hex } from '../ledger/canonical.ts';
import type { ActionAssignment } from '../pipeline/assignment.ts';
import type { EgressRules } from './egress.ts';
import { ALLOWED_TARGETS, FORBIDDEN_ACTIONS, FORBIDDEN_TARGETS } from './targets.ts';
import type { Tier } from './tier.ts';

export type GateFacts = ActionAssignment['facts'];

/** What policies know of a tool, wherever it runs. */
export interface ToolTraits {
  min_tier: Tier;
  /** `once`: never repeated by itself after an unknown outcome (REC-6). */
  effect: 'pure' | 'idempotent' | 'once';
  /** Sends something outside the system. */
  external: boolean;
  /** Changes something: target rules apply (GOV-1). */
  acts: boolean;
  /** Cannot be taken back: a person approves it (GOV-1). */
  irreversible?: boolean;
  /** GOV-3: what an admitted call leaves behind for later ones, such as `read_secret`. */
  labels?: readonly string[];
}

/** What the gate knows of a tool of ours. Egress rules apply to the `url` argument of an external one. */
export interface ToolRule extends ToolTraits {
  name: string;
  /** What is wrong with the arguments, for the model to read; null when they fit. */
  check(args: Record<string, unknown>): string | null;
  /** What these arguments would touch. */
  target(args: Record<string, unknown>): string;
}

export interface GateConfig {
  tools: ReadonlyMap<string, ToolRule>;
  egress: EgressRules;
}

/** GOV-4: everything that the built-in judgement depends on besides the policies' text, so that other lists make another version. */
export const gateDataText = (config: GateConfig): string => {
  const tools = [...config.tools.values()].map(
    ({ name, min_tier, effect, external, acts, irreversible = false, labels = [] }) => ({
      name,
      min_tier,
      effect,
      external,
      acts,
      irreversible,
      labels: [...labels],
    }),
  );
  return canonicalJson({
    forbidden_actions: FORBIDDEN_ACTIONS,
    forbidden_targets: FORBIDDEN_TARGETS,
    allowed_targets: ALLOWED_TARGETS,
    egress: config.egress.allow,
    tools: tools.sort((a, b) => (a.name < b.name ? -1 : 1)),
  });
};

export const gateData = (config: GateConfig): string => sha256Hex(gateDataText(config));
