import type { Caller } from '#contract/access.ts';
import type { Incident, Pipeline } from '#contract/pipeline.ts';
import type { KillScope } from '#domain/governance/permit.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { incidentAgent } from './agents.ts';

/** One way to stop something, from an agent to the tenant; the deployment is stopped by the platform's key, not from here (ENF-6). */
export interface StopChoice {
  scope: Exclude<KillScope, 'system'>;
  /** What the scope's id is. */
  id: string;
  label: string;
  /** What happens then. */
  does: string;
  /** Why it cannot be chosen; null when it can. */
  whyNot: string | null;
}

const ENDED = 'It has ended already: its gate is closed and its tokens are gone or going.';
const LASTS = 'Every pipeline of it ends, and nothing new starts until a person lifts the switch.';

/** Above the pipelines: stays until it is lifted. */
export function wideChoices(
  project: { id: string; name: string },
  { tenant, project_ids }: Pick<Caller, 'tenant' | 'project_ids'>,
): StopChoice[] {
  return [
    {
      scope: 'project',
      id: project.id,
      label: `The project ${project.name}`,
      does: LASTS,
      whyNot: null,
    },
    {
      scope: 'tenant',
      id: tenant,
      label: `Everything of the tenant ${tenant}`,
      does: LASTS,
      whyNot: project_ids === null ? null : 'Your key is for some projects only.',
    },
  ];
}

/** UI-5: what can be stopped about a run, and about the agent of its incident, the narrowest first. */
export function stopChoices(
  p: Pipeline,
  incident: Incident | null,
  caller: Pick<Caller, 'tenant' | 'project_ids'>,
  projectName = p.project_id,
): StopChoice[] {
  const whyNot = isEnded(p.state) ? ENDED : null;
  const run = `${p.plan_name} #${p.number}`;
  const pipeline: StopChoice = {
    scope: 'pipeline',
    id: p.pipeline_id,
    label: `The pipeline ${run}`,
    does: 'Its gate closes at once, every token of it is revoked in Vault, and it ends as FAILED. Nothing follows it.',
    whyNot,
  };
  const wide = wideChoices({ id: p.project_id, name: projectName }, caller);
  if (!incident?.agent_id) return [pipeline, ...wide];
  const agent: StopChoice = {
    scope: 'agent',
    id: incident.agent_id,
    label: `${incidentAgent(incident)} of ${run} alone`,
    does: 'The agent’s token is revoked and nothing of it passes the gate. The others go on.',
    whyNot,
  };
  return [agent, pipeline, ...wide];
}

/** The choice to begin with: the whole run, or the next wider one that can still be chosen. */
export const firstChoice = (choices: readonly StopChoice[]): StopChoice | null =>
  choices.find((c) => c.scope !== 'agent' && c.whyNot === null) ?? null;

/** The reason that the dialog starts with, in the log's words. */
export const stopReason = (incident: Incident | null): string =>
  incident
    ? `Incident: ${incident.severity} violation of ${incident.rule}${incident.role ? ` by ${incidentAgent(incident)}` : ''}`
    : 'Stopped from the dashboard';
