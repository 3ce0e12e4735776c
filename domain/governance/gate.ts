import { hashJson } from '../ledger/canonical.ts';
import type { ActionAssignment } from '../pipeline/assignment.ts';
import type { GateDecision } from '../pipeline/event.ts';
import { type EgressRules, judgeUrl } from './egress.ts';
import type { Severity } from './severity.ts';
import {
  ALLOWED_TARGETS,
  allowedTarget,
  FORBIDDEN_ACTIONS,
  FORBIDDEN_TARGETS,
  forbiddenAction,
  forbiddenTarget,
} from './targets.ts';
import { TIER_NAMES, type Tier } from './tier.ts';

export type GateFacts = ActionAssignment['facts'];

/** What the gate knows of a tool. `once`: never repeated by itself after an unknown outcome (REC-6). */
export interface ToolRule {
  name: string;
  min_tier: Tier;
  effect: 'pure' | 'idempotent' | 'once';
  /** Sends something outside the system: egress rules apply to its `url` argument. */
  external: boolean;
  /** Changes something: target rules apply (GOV-1). */
  acts: boolean;
  /** What is wrong with the arguments, for the model to read; null when they fit. */
  check(args: Record<string, unknown>): string | null;
  /** What these arguments would touch. */
  target(args: Record<string, unknown>): string;
}

export interface GateConfig {
  tools: ReadonlyMap<string, ToolRule>;
  egress: EgressRules;
}

const POLICY = 'builtin-1';

/** GOV-4: the rules' own data is part of the version, so that an action judged under other lists is told apart. */
export const policyVersion = (config: GateConfig): string => {
  const tools = [...config.tools.values()].map(({ name, min_tier, effect, external, acts }) => ({
    name,
    min_tier,
    effect,
    external,
    acts,
  }));
  const sha = hashJson({
    policy: POLICY,
    forbidden_actions: FORBIDDEN_ACTIONS,
    forbidden_targets: FORBIDDEN_TARGETS,
    allowed_targets: ALLOWED_TARGETS,
    egress: config.egress.allow,
    tools: tools.sort((a, b) => (a.name < b.name ? -1 : 1)),
  });
  return `${POLICY}+${sha.slice(0, 16)}`;
};

interface Refusal {
  rule: string;
  reason: string;
  remedy: string;
  severity?: Severity;
}
type Rule = (facts: GateFacts, tool: ToolRule | undefined, config: GateConfig) => Refusal | null;

/** The name as the model wrote it, fit for a sentence. */
const shown = (text: string): string => (text.length > 120 ? `${text.slice(0, 120).toWellFormed()}…` : text);

const gateClosed: Rule = (facts) =>
  facts.gate_closed
    ? {
        rule: 'gate_closed',
        reason: 'The pipeline is ending or revoked; nothing more is authorised.',
        remedy: 'Start a new run.',
      }
    : null;

const noForbiddenAction: Rule = (facts) => {
  const action = forbiddenAction(facts.tool);
  return action === null
    ? null
    : {
        rule: `forbidden_action:${action}`,
        reason: `${action} is forbidden for every tier.`,
        remedy: 'No approval or tier allows this; leave it out of the plan.',
        severity: 'critical',
      };
};

const targetsOf = (facts: GateFacts, tool: ToolRule | undefined): string[] =>
  [...new Set([facts.target, tool?.target(facts.arguments) ?? ''])].filter((target) => target !== '');

/** What has no tool might have written, so a forbidden target counts against it as against a write. */
const noForbiddenTarget: Rule = (facts, tool) => {
  if (tool !== undefined && !tool.acts) return null;
  for (const target of targetsOf(facts, tool)) {
    const pattern = forbiddenTarget(target);
    if (pattern !== null)
      return {
        rule: `forbidden_target:${pattern}`,
        reason: `${shown(target)} matches ${pattern}, which agents may not touch.`,
        remedy: `Act on ${ALLOWED_TARGETS.join(' or ')} instead; production changes belong to people.`,
        severity: 'high',
      };
  }
  return null;
};

const knownTool: Rule = (facts, tool, config) =>
  tool === undefined
    ? {
        rule: 'unknown_tool',
        reason: `There is no tool called ${shown(facts.tool)}.`,
        remedy: `Use one of: ${[...config.tools.keys()].sort().join(', ')}.`,
      }
    : null;

const tierAllows: Rule = (facts, tool) =>
  tool !== undefined && facts.tier < tool.min_tier
    ? {
        rule: 'tier_too_low',
        reason: `${tool.name} needs tier ${tool.min_tier} (${TIER_NAMES[tool.min_tier]}); this agent has tier ${facts.tier} (${TIER_NAMES[facts.tier]}).`,
        remedy: `Run the plan at tier ${tool.min_tier}, with a caller who may grant it.`,
        severity: 'low',
      }
    : null;

const argumentsFit: Rule = (facts, tool) => {
  const problem = tool?.check(facts.arguments) ?? null;
  return problem === null
    ? null
    : {
        rule: 'invalid_arguments',
        reason: shown(problem),
        remedy: 'Call it again with arguments that fit its schema.',
      };
};

const targetAllowed: Rule = (facts, tool) => {
  if (tool === undefined || !tool.acts) return null;
  const outside = targetsOf(facts, tool).find((target) => allowedTarget(target) === null);
  const missing = targetsOf(facts, tool).length === 0 ? 'an unnamed target' : outside;
  return missing === undefined
    ? null
    : {
        rule: 'target_not_allowed',
        reason: `${shown(missing)} is not among the targets that agents may act on.`,
        remedy: `Act on ${ALLOWED_TARGETS.join(' or ')}.`,
      };
};

const egressAllowed: Rule = (facts, tool, config) => {
  if (!tool?.external) return null;
  const judged = judgeUrl(String(facts.arguments.url ?? ''), config.egress);
  if (judged.ok) return null;
  const severity = judged.error.rule === 'egress_private_address' ? 'medium' : 'low';
  return { ...judged.error, severity };
};

const actionsLeft: Rule = (facts) =>
  facts.actions_left <= 0
    ? {
        rule: 'actions_limit',
        reason: 'The plan’s limit of actions is used up.',
        remedy: 'Answer with what is known, or raise limits.actions in the plan.',
      }
    : null;

/** In this order: the gravest refusal names itself, whatever else is wrong too. */
const RULES: Rule[] = [
  gateClosed,
  noForbiddenAction,
  noForbiddenTarget,
  knownTool,
  tierAllows,
  argumentsFit,
  targetAllowed,
  egressAllowed,
  actionsLeft,
];

/** GOV-2: judges one action. What no rule refuses is a known tool within its tier; everything else is denied. */
export function judge(facts: GateFacts, config: GateConfig, version = policyVersion(config)): GateDecision {
  const tool = config.tools.get(facts.tool);
  for (const rule of RULES) {
    const refusal = rule(facts, tool, config);
    if (refusal === null) continue;
    return {
      decision: 'deny',
      determining: [refusal.rule],
      policy_version: version,
      reason: refusal.reason,
      remedy: refusal.remedy,
      effect: tool?.effect ?? 'once',
      violation: refusal.severity === undefined ? null : { rule: refusal.rule, severity: refusal.severity },
    };
  }
  return {
    decision: 'allow',
    determining: [`tier_${facts.tier}_may_use:${facts.tool}`],
    policy_version: version,
    reason: `${facts.tool} is open to tier ${tool?.min_tier ?? facts.tier} and above.`,
    remedy: null,
    effect: tool?.effect ?? 'once',
    violation: null,
  };
}
