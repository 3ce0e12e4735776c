import { text } from '../../options.ts';
import { defineVerb, type Verb } from '../../verb.ts';
import { whichArgument, whichPipeline } from './which.ts';

/** `stop` is what a person reaches for, `revoke` what the API calls it (CRED-4). */
const verb = (word: string): Verb =>
  defineVerb({
    path: ['pipeline', word],
    summary: word === 'stop' ? 'Stop a pipeline now: close its gate, revoke its tokens' : 'The same as stop',
    description:
      'Closes the gate at once and revokes the tokens in Vault. The pipeline ends FAILED, exit code 1. With --agent only that agent loses its token.',
    arguments: [whichArgument],
    options: {
      reason: text('--reason <text>', 'why, for the record'),
      agent: text('--agent <id>', 'only this agent'),
    },
    examples: [`ags pipeline ${word} last --reason "touches the wrong account"`],
    async handler(context, [given], { reason = 'stopped from the command line', agent }) {
      const client = context.client();
      const pipeline_id = await whichPipeline(client, given!);
      const result = await client.revoke({
        pipeline_id,
        reason,
        ...(agent !== undefined && { agent_id: agent }),
      });
      const { style } = context.out;
      context.emit(result, () => [
        `${style.good('✔')} Gate of ${agent ?? pipeline_id} closed at ${style.strong(result.gate_closed_at)}; tokens ${result.status}.`,
      ]);
    },
  });

export const stop = verb('stop');
export const revoke = verb('revoke');
