import { EXIT, usageError } from '../exit.ts';
import { text } from '../options.ts';
import { defineVerb } from '../verb.ts';
import { numbersOf } from './numbers.ts';
import { whichArgument, whichPipeline } from './pipeline/which.ts';

export default defineVerb({
  path: ['erase'],
  summary: 'Erase content of an ended pipeline for good; takes an admin who is a person',
  description:
    'Text, arguments and salt of the named events go from the pipeline, the ledger and the archive, and so do named context documents. Chain, proofs and evidence still verify and say what is redacted (LEDG-2). Other events may repeat the same words: `ags ledger query --search` finds them.',
  arguments: [whichArgument],
  options: {
    events: text('--events <numbers>', 'which, e.g. 4,7,10-12'),
    documents: text('--documents <names>', 'context documents by name, comma-separated'),
    reason: text('--reason <text>', 'why, for the record; it stays, so it must not repeat what is to go'),
  },
  examples: ['ags erase 12 --events 31,47 --reason "a customer’s address"'],
  async handler(context, [given], { events, documents, reason }) {
    if (events === undefined && documents === undefined)
      throw usageError(
        'Erase what? Give --events 4,7 or --documents NAME.',
        'ags pipeline logs shows the events.',
      );
    if (reason === undefined) throw usageError('Why? Give --reason; it goes on record.');
    const client = context.client();
    const done = await client.erase({
      pipeline_id: await whichPipeline(client, given!),
      events: events === undefined ? [] : [...numbersOf(events)],
      documents: documents === undefined ? [] : documents.split(',').map((name) => name.trim()),
      reason,
    });
    const { style } = context.out;
    const what = [
      ...(done.events.length > 0 ? [`events ${done.events.join(', ')}`] : []),
      ...(done.documents.length > 0 ? [`documents ${done.documents.join(', ')}`] : []),
    ].join(' and ');
    context.emit(done, () => [
      done.done_at === null
        ? `Being erased: ${what} of ${done.pipeline_id} (${done.erasure_id}); within minutes it is gone from every copy.`
        : `${style.good('✔')} Erased: ${what} of ${done.pipeline_id} ${style.faint(`(${done.erasure_id})`)}`,
    ]);
    return EXIT.ok;
  },
});
