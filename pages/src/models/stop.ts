import type { Incident, Pipeline } from '#contract/pipeline.ts';
import { isEnded } from '#domain/pipeline/states.ts';

/** How far a stop reaches, the narrowest first (ENF-6). */
export const STOP_SCOPES = ['agent', 'pipeline'] as const;
export type StopScope = (typeof STOP_SCOPES)[number];

export interface StopChoice {
  scope: StopScope;
  /** What the scope's id is. */
  id: string;
  label: string;
  /** What happens then. */
  does: string;
  /** Why it cannot be chosen; null when it can. */
  whyNot: string | null;
}

const ENDED = 'It has ended already: its gate is closed and its tokens are gone or going.';

/** UI-5: what can be stopped about a run, and about the agent of its incident. */
export function stopChoices(p: Pipeline, incident: Incident | null): StopChoice[] {
  const whyNot = isEnded(p.state) ? ENDED : null;
  const run = `${p.plan_name} #${p.number}`;
  const pipeline: StopChoice = {
    scope: 'pipeline',
    id: p.pipeline_id,
    label: `The pipeline ${run}`,
    does: 'Its gate closes at once, every token of it is revoked in Vault, and it ends as FAILED. Nothing follows it.',
    whyNot,
  };
  if (!incident?.agent_id) return [pipeline];
  const agent: StopChoice = {
    scope: 'agent',
    id: incident.agent_id,
    label: `${incident.role ?? 'The agent'} of ${run} alone`,
    does: 'The agent’s token is revoked and nothing of it passes the gate. The others go on.',
    whyNot,
  };
  return [agent, pipeline];
}

/** The choice to begin with: the whole run, or the next wider one that can still be chosen. */
export const firstChoice = (choices: readonly StopChoice[]): StopChoice | null =>
  choices.find((c) => c.scope !== 'agent' && c.whyNot === null) ?? null;

/** The reason that the dialog starts with, in the log's words. */
export const stopReason = (incident: Incident | null): string =>
  incident
    ? `Incident: ${incident.severity} violation of ${incident.rule}${incident.role ? ` by ${incident.role}` : ''}`
    : 'Stopped from the dashboard';
