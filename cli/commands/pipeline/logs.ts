import type { PipelineEvent } from '#client/index.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { choice, flag, integer } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { happening, newCast } from '../../views/happening.ts';
import { followPipeline } from '../../watch/follow.ts';
import { whichArgument, whichPipeline } from './which.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

const isLogOfLevel = (event: PipelineEvent, level: Level): boolean =>
  event.type === 'log_written' && LEVELS.indexOf(event.body.level as Level) >= LEVELS.indexOf(level);

export default defineVerb({
  path: ['pipeline', 'logs'],
  summary: 'What happened in a pipeline, event by event',
  arguments: [whichArgument],
  options: {
    follow: flag('-f, --follow', 'go on until it ends'),
    all: flag('--all', 'every event, also those that only the record needs'),
    since: integer('--since <seq>', 'only events after this one', { min: 0, max: 1_000_000_000 }),
    level: choice('--level <level>', 'only log lines, of this level or above', LEVELS),
  },
  examples: [
    'ags pipeline logs last',
    'ags pipeline logs 12 --follow',
    'ags pipeline logs last --level warn',
    'ags pipeline logs last --all --json',
  ],
  async handler(context, [given], { follow, all, since = 0, level }) {
    const client = context.client();
    const id = await whichPipeline(client, given!);
    const { style } = context.out;
    const cast = newCast();
    const collected: PipelineEvent[] = [];
    const tell = (event: PipelineEvent) => {
      // Earlier events name the agents that later ones speak of, so all of them pass by here.
      const said = happening(event, cast, style, all) ?? (all ? style.faint(event.type) : null);
      if (event.seq <= since || (level && !isLogOfLevel(event, level))) return;
      if (context.json) collected.push(event);
      else if (said !== null) {
        context.out.print(`${style.faint(`${String(event.seq).padStart(5)}  ${event.at}`)}  ${said}`);
      }
    };
    if (follow) {
      await followPipeline(client, id, {
        onEvents: (events) => events.forEach(tell),
        until: ({ pipeline }) => isEnded(pipeline.state),
      });
    } else for await (const event of client.allEvents(id)) tell(event);
    if (context.json) context.emit({ pipeline_id: id, items: collected }, () => []);
  },
});
