import { judgeUrl } from './egress.ts';
import type { GateConfig, GateFacts, ToolRule, ToolTraits } from './gate.ts';
import { ALLOWED_TARGETS, allowedTarget, forbiddenAction, forbiddenTarget } from './targets.ts';
import { TIER_NAMES } from './tier.ts';

/** GOV-1: how a target stands. `none`: nothing is named. */
export type TargetClass = 'none' | 'allowed' | 'forbidden' | 'other';

/** What policies are evaluated over (GOV-2); `workers/policy/builtin/schema.cedarschema` says the same to authors of policies. */
export interface PolicyRequest {
  principal: { id: string; tier: number; role: string; tenant: string; project: string };
  action: string;
  resource: { name: string; class: TargetClass };
  arguments: Record<string, string>;
  context: {
    tool: {
      known: boolean;
      min_tier: number;
      external: boolean;
      acts: boolean;
      irreversible: boolean;
      effect: string;
    };
    argument_problem: string;
    origin: string[];
    untrusted: boolean;
    labels: string[];
    forbidden_action: string;
    egress: string;
    actions_left: number;
    gate_closed: boolean;
    approved: boolean;
    plan_asks: boolean;
  };
  /** What the texts of policies may name in braces. */
  words: Readonly<Record<string, string>>;
}

/** Of JSON: an action's arguments are hashed, recorded and judged as a whole. */
const MAX_ARGUMENTS = 64 * 1024;
const UNKNOWN: ToolTraits = { min_tier: 0, effect: 'once', external: false, acts: false };

/** The name as the model wrote it, fit for a sentence. */
const shown = (text: string): string => (text.length > 120 ? `${text.slice(0, 120).toWellFormed()}…` : text);

interface Target {
  name: string;
  class: TargetClass;
  pattern: string;
}

/** Both what the call says it touches and what its arguments say; the worse of the two counts. */
function targetOf(facts: GateFacts, tool: ToolRule | undefined): Target {
  const named = [facts.target, tool?.target(facts.arguments) ?? ''].filter((target) => target !== '');
  const classed = named.map((name): Target => {
    const pattern = forbiddenTarget(name);
    if (pattern !== null) return { name, class: 'forbidden', pattern };
    return { name, class: allowedTarget(name) === null ? 'other' : 'allowed', pattern: '' };
  });
  const worst = (['forbidden', 'other', 'allowed'] as const).flatMap((c) =>
    classed.filter((t) => t.class === c),
  );
  return worst[0] ?? { name: '', class: 'none', pattern: '' };
}

const asTags = (args: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(args).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );

function argumentProblem(facts: GateFacts, tool: ToolRule | undefined): string {
  if (JSON.stringify(facts.arguments).length > MAX_ARGUMENTS) return 'The arguments are longer than 64 KiB.';
  return shown(tool?.check(facts.arguments) ?? '');
}

/** Pure: what has to be read out of a call before rules can speak about it. Throws when a tool's own check does. */
export function policyRequest(
  facts: GateFacts,
  config: GateConfig,
  policies: { sha256: string },
): PolicyRequest {
  const tool = config.tools.get(facts.tool);
  const traits: ToolTraits = tool ?? facts.outside_tool ?? UNKNOWN;
  const known = tool !== undefined || facts.outside_tool != null;
  const target = targetOf(facts, tool);
  const forbidden_action = forbiddenAction(facts.tool) ?? '';
  const argument_problem = argumentProblem(facts, tool);
  const judged =
    tool?.external === true && 'url' in facts.arguments && argument_problem === ''
      ? judgeUrl(String(facts.arguments.url), config.egress)
      : null;
  const refused = judged !== null && !judged.ok ? judged.error : null;
  return {
    principal: {
      id: facts.agent_id,
      tier: facts.tier,
      role: facts.role,
      tenant: facts.tenant,
      project: facts.project_id,
    },
    action: facts.tool,
    resource: { name: target.name.normalize('NFKC').trim().toLowerCase(), class: target.class },
    arguments: argument_problem === '' ? asTags(facts.arguments) : {},
    context: {
      tool: {
        known,
        min_tier: traits.min_tier,
        external: traits.external,
        acts: traits.acts,
        irreversible: traits.irreversible ?? false,
        effect: traits.effect,
      },
      argument_problem,
      origin: facts.origin,
      untrusted: facts.origin.some((origin) => origin === 'untrusted'),
      labels: facts.labels,
      forbidden_action,
      egress: refused?.rule ?? '',
      actions_left: facts.actions_left,
      gate_closed: facts.gate_closed,
      approved: facts.approved_under === policies.sha256,
      plan_asks: facts.plan_asks ?? false,
    },
    words: {
      tool: shown(facts.tool),
      target: target.name === '' ? 'an unnamed target' : shown(target.name),
      pattern: target.pattern,
      forbidden_action,
      argument_problem,
      egress: refused?.rule ?? '',
      egress_reason: refused?.reason ?? '',
      egress_remedy: refused?.remedy ?? '',
      tier: String(facts.tier),
      tier_name: TIER_NAMES[facts.tier],
      min_tier: String(traits.min_tier),
      min_tier_name: TIER_NAMES[traits.min_tier],
      allowed_targets: ALLOWED_TARGETS.join(' or '),
      // Put together when a text asks for it: few do, and every judgement would pay for it (PERF-4).
      get tools() {
        return [...config.tools.keys()].sort().join(', ');
      },
    },
  };
}
