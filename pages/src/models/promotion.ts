import type { AgentIdentityView } from '#contract/identities.ts';
import { plural } from './format.ts';

export interface Step {
  label: string;
  have: number;
  need: number;
  done: boolean;
}

/** PROM-1: what the next tier takes, and how much of it is there; empty at the highest tier. */
export function stepsOf({ progress: p }: AgentIdentityView): Step[] {
  if (p.to === null) return [];
  const step = (label: string, have: number, need: number): Step => ({
    label,
    have,
    need,
    done: have >= need,
  });
  return [
    step('compliant runs', p.compliant, p.compliant_needed),
    step('of them in a row', p.in_a_row, p.in_a_row_needed),
    ...(p.clean_days_needed > 0
      ? [step('days without a violation', p.clean_days ?? 0, p.clean_days_needed)]
      : []),
  ];
}

/** One sentence about the way to the next tier. */
export function progressText(identity: AgentIdentityView): string {
  const { progress: p, suspended, tier } = identity;
  if (suspended) return 'Suspended: it is not spawned until an admin grants it a tier again.';
  if (p.to === null) return `Tier ${tier} is the highest.`;
  if (p.met)
    return p.person_needed ? `Tier ${p.to} is earned; a person gives it.` : `Tier ${p.to} is earned.`;
  const missing = stepsOf(identity)
    .filter((s) => !s.done)
    .map((s) => `${plural(s.need - s.have, s.label, s.label)}`);
  return `To tier ${p.to}: ${missing.join(', ')} to go${p.person_needed ? ', and a person’s approval' : ''}.`;
}

/** PROM-2: what a change was, and why; one of a newer server shows by its name. */
export function changeText({ type, body }: { type: string; body: unknown }): {
  what: string;
  why: string | null;
} {
  const told = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { from_tier: from, to_tier: to, start_tier: start, suspended, reason } = told;
  if (type === 'agent_tier_changed' && typeof to === 'number') {
    const what = from === to ? `Stays at tier ${to}` : `From tier ${String(from)} to tier ${to}`;
    return {
      what: suspended === true ? `${what}, suspended` : what,
      why: typeof reason === 'string' ? reason : null,
    };
  }
  if (type === 'agent_identity_registered' && typeof start === 'number')
    return { what: `First seen, at tier ${start}`, why: null };
  return { what: type.replaceAll('_', ' '), why: null };
}
