import type { Client, Pipeline } from '#client/index.ts';
import { text } from '../../options.ts';
import { defineVerb, type Verb } from '../../verb.ts';
import { whichArgument, whichPipeline } from './which.ts';

interface Steering {
  word: string;
  summary: string;
  description?: string;
  example: string;
  act: (client: Client, pipeline_id: string, reason: string) => Promise<Pipeline>;
  /** What the person reads when it is done. */
  done: (pipeline: Pipeline) => string[];
}

/** Verbs that take a pipeline and a reason, and nothing else. */
const steering = ({ word, summary, description, example, act, done }: Steering): Verb =>
  defineVerb({
    path: ['pipeline', word],
    summary,
    ...(description !== undefined && { description }),
    arguments: [whichArgument],
    options: { reason: text('--reason <text>', 'why, for the record') },
    examples: [`ags pipeline ${word} last --reason "${example}"`],
    async handler(context, [given], { reason = `${word} from the command line` }) {
      const client = context.client();
      const pipeline = await act(client, await whichPipeline(client, given!), reason);
      context.emit(pipeline, () => {
        const [first = '', ...more] = done(pipeline);
        return [
          `${context.out.style.good('✔')} ${first}`,
          ...more.map((line) => context.out.style.faint(`  ${line}`)),
        ];
      });
    },
  });

export const pause = steering({
  word: 'pause',
  summary: 'Let steps in flight finish, then hold',
  description:
    'Nothing new is started and deadlines stand still. After 30 minutes the tokens are revoked; resume issues new ones.',
  example: 'change freeze',
  act: (client, id, reason) => client.pause(id, reason),
  done: (p) => [
    p.waiting_for === 'resume'
      ? `${p.pipeline_id} is paused.`
      : `${p.pipeline_id} pauses as soon as the steps in flight are done.`,
    `ags pipeline resume ${p.pipeline_id}`,
  ],
});

export const resume = steering({
  word: 'resume',
  summary: 'Go on after a pause',
  example: 'freeze is over',
  act: (client, id, reason) => client.resume(id, reason),
  done: (p) => [`${p.pipeline_id} goes on (${p.state}).`],
});

export const abort = steering({
  word: 'abort',
  summary: 'End a run early; a successor goes on from what it has',
  description:
    'GAMMA puts together what there is, the handoff is sealed, and the next attempt of the lineage resumes from it (exit code 3; at most 3 attempts). To end without a successor use cancel; to close the gate at once use stop.',
  example: 'going in circles',
  act: (client, id, reason) => client.abort(id, reason),
  done: (p) => [
    `${p.pipeline_id} (attempt ${p.attempt}) is being ended; its handoff is written first.`,
    `ags pipeline wait ${p.pipeline_id}`,
    `ags pipeline lineage ${p.pipeline_id}`,
  ],
});

export const cancel = steering({
  word: 'cancel',
  summary: 'End a pipeline in good order, without a successor',
  example: 'wrong plan',
  act: (client, id, reason) => client.cancel(id, reason),
  done: (p) => [`${p.pipeline_id} is being cancelled.`],
});
