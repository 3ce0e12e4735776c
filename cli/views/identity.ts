import type { AgentIdentity } from '#client/index.ts';
import type { Style } from '../terminal/style.ts';
import { printable } from '../terminal/text.ts';

/** What an agent has, and what it lacks for the next tier. */
export function identityLines(agent: AgentIdentity, style: Style): string[] {
  const { identity_id, role, model, tier, suspended, template, version, progress: p } = agent;
  const state = suspended ? style.bad('suspended') : `tier ${style.strong(String(tier))}`;
  const days =
    p.clean_days === null ? '' : `, ${p.clean_days}/${p.clean_days_needed} days without a violation`;
  const way =
    p.to === null
      ? ''
      : `  for tier ${p.to}: ${p.compliant}/${p.compliant_needed} compliant runs, ${p.in_a_row}/${p.in_a_row_needed} in a row${days}${
          p.met ? style.good(p.person_needed ? '; earned, a person promotes it' : '; earned') : ''
        }`;
  return [
    `${style.strong(identity_id)}  ${role}  ${state}  ${style.faint(`${template}@${version}, ${printable(model)}`)}`,
    ...(way === '' ? [] : [style.faint(way)]),
  ];
}
