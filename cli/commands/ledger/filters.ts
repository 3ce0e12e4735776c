import { SEVERITIES } from '#domain/governance/severity.ts';
import { choice, type OptionValues, text } from '../../options.ts';

/** What narrows a query and an export alike (LEDG-4). */
export const filters = {
  pipeline: text('--pipeline <id>', 'only of this pipeline; `ct_TENANT` is the tenant’s own log'),
  project: text('--project <id>', 'only of this project'),
  agent: text('--agent <id>', 'only about or from this agent'),
  type: text('--type <type>', 'only events of this type, e.g. action_decided'),
  severity: choice('--severity <severity>', 'only of this severity', SEVERITIES),
  since: text('--since <time>', 'from this time on (RFC 3339, or a date)'),
  until: text('--until <time>', 'before this time'),
  search: text('--search <words>', 'full text: whole words, all of them'),
};

const moment = (given: string | undefined): string | undefined => {
  const time = new Date(given ?? Number.NaN);
  // What is no time goes out as it is: the server says what is wrong with it.
  return Number.isNaN(time.getTime()) ? given : time.toISOString();
};

export const filtersOf = (o: OptionValues<typeof filters>) => ({
  pipeline_id: o.pipeline,
  project_id: o.project,
  agent_id: o.agent,
  type: o.type,
  severity: o.severity,
  since: moment(o.since),
  until: moment(o.until),
  q: o.search,
});
