import type { GateDecision } from '../pipeline/event/actions.ts';
import type { GateFacts, ToolTraits } from './gate.ts';
import type { PolicyRequest } from './request.ts';
import { type Severity, severityRank } from './severity.ts';

/** What a policy's annotations say about it (GOV-2, GOV-4). */
export interface PolicyNote {
  id: string;
  effect: 'permit' | 'forbid';
  /** `@decision("require_approval")`: a person can lift this forbid for one action (GOV-5). */
  asks: boolean;
  /** `@name`, else the id; texts may hold {words} of the request. */
  name: string;
  reason: string;
  remedy: string | null;
  severity: Severity | null;
  /** `@observe("no")`: refuses in a project that only observes too (GOV-10). */
  always: boolean;
  /** `@label`: what an admitted action leaves behind for later ones (GOV-3). */
  labels: string[];
  /** Built-in policies in their order, then the tenant's. */
  order: number;
}

/** What the engine found; `errors` are ids of policies that could not be evaluated. */
export interface PolicyAnswer {
  readonly allowed: boolean;
  readonly determining: readonly PolicyNote[];
  readonly errors: readonly string[];
}

export interface PolicyVersion {
  version: string;
  sha256: string;
  /** The tenant's own, as the permit names them. */
  tenant_policy: string;
}

type Judged = Omit<GateDecision, 'policy_version' | 'policy_sha256' | 'tenant_policy' | 'effect' | 'judged'>;

const filled = (text: string, words: PolicyRequest['words']): string =>
  text.replace(/\{([a-z_]+)\}/g, (whole, word: string) => words[word] ?? whole);

const DEFAULT_DENY: Judged = {
  decision: 'deny',
  determining: ['default_deny'],
  reason: 'No policy permits this.',
  remedy: 'A policy of the tenant has to permit it; `ags policy show` prints those in force.',
  violation: null,
};

function refusal(
  notes: PolicyNote[],
  words: PolicyRequest['words'],
  decision: 'deny' | 'require_approval',
): Judged {
  const [first] = notes;
  if (!first) return DEFAULT_DENY;
  const rule = filled(first.name, words);
  return {
    decision,
    determining: notes.map((note) => filled(note.name, words)),
    reason: filled(first.reason, words),
    remedy: first.remedy === null ? 'Change the action, or the policy.' : filled(first.remedy, words),
    violation: decision === 'deny' && first.severity ? { rule, severity: first.severity } : null,
  };
}

const broken = (errors: readonly string[]): Judged => ({
  decision: 'deny',
  determining: errors.map((id) => `policy_error:${id}`),
  reason: 'A policy could not be evaluated, so nothing is allowed.',
  remedy:
    'Correct the policy: `ags policy check` says where; until then the gate stays shut for what it applies to.',
  violation: null,
});

/** Plain refusals before those that a person can lift; built-in ones in their order, a tenant's by severity and then by name. */
const byWeight = (a: PolicyNote, b: PolicyNote): number =>
  Number(a.asks) - Number(b.asks) ||
  a.order - b.order ||
  severityRank(b.severity ?? 'info') - severityRank(a.severity ?? 'info') ||
  (a.id < b.id ? -1 : 1);

/**
 * GOV-2: the engine's answer as the gate's decision. `ifApproved` is asked only when every refusal could be lifted by a person: what
 * would be refused even then is not put before anybody. Forbids outweigh permits; nothing permitted is refused.
 */
export function judged(answer: PolicyAnswer, ifApproved: () => PolicyAnswer, request: PolicyRequest): Judged {
  const { words } = request;
  if (answer.errors.length > 0) return broken(answer.errors);
  const notes = [...answer.determining].sort(byWeight);
  if (answer.allowed) {
    const [first] = notes;
    return {
      decision: 'allow',
      determining: notes.map((note) => filled(note.name, words)),
      reason: filled(first?.reason ?? '', words),
      remedy: null,
      violation: null,
    };
  }
  if (notes.length === 0) return DEFAULT_DENY;
  if (!notes.every((note) => note.asks)) return refusal(notes, words, 'deny');
  const approved = ifApproved();
  if (approved.errors.length > 0) return broken(approved.errors);
  return approved.allowed ? refusal(notes, words, 'require_approval') : DEFAULT_DENY;
}

/** GOV-10: a project that observes records what would have been refused, and lets it happen; some refusals stand in any mode. */
function observed(decision: Judged, answer: PolicyAnswer): Judged {
  const stands = answer.errors.length > 0 || answer.determining.some((note) => note.always);
  if (decision.decision === 'allow' || stands) return decision;
  const { decision: would, determining, reason, remedy } = decision;
  return {
    decision: 'allow',
    determining: ['observed'],
    reason: `The project only observes; enforced, it would be: ${would} (${determining.join(', ')}).`,
    remedy: null,
    violation: null,
    observed: { decision: would as 'deny' | 'require_approval', determining, reason, remedy },
  };
}

export function gateDecision(
  facts: GateFacts,
  request: PolicyRequest,
  traits: ToolTraits | undefined,
  version: PolicyVersion,
  evaluate: (request: PolicyRequest) => PolicyAnswer,
): GateDecision {
  const answer = evaluate(request);
  const ifApproved = (): PolicyAnswer =>
    evaluate({ ...request, context: { ...request.context, approved: true } });
  const enforced = judged(answer, ifApproved, request);
  const decision = facts.mode === 'observe' ? observed(enforced, answer) : enforced;
  const labels = [...(traits?.labels ?? []), ...answer.determining.flatMap((note) => note.labels)];
  const { tier, role, labels: before, actions_left, mode } = facts;
  const { approved, plan_asks } = request.context;
  return {
    ...decision,
    ...(decision.decision === 'allow' && labels.length > 0 ? { labels: [...new Set(labels)].sort() } : {}),
    policy_version: version.version,
    policy_sha256: version.sha256,
    tenant_policy: version.tenant_policy,
    effect: traits?.effect ?? 'once',
    judged: {
      ...{ tier, role, labels: before, approved, actions_left, mode },
      ...(plan_asks && { plan_asks }),
    },
  };
}
