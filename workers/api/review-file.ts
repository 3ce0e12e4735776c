import { failureContexts } from '#domain/pipeline/assign.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { evolve, initialState } from '#domain/pipeline/evolve.ts';
import type { PipelineRpc } from '#objects/pipeline/rpc.ts';
import type { Asked } from './endpoint.ts';
import { lineageOf } from './lineage.ts';
import { must } from './scope.ts';

/** Events read at a time; memory stays at one page and the state they fold into. */
const PAGE = 1_000;

type Source = Pick<PipelineRpc, 'orchestration' | 'consensus' | 'events' | 'documents'>;

/** Up to `last`, so that what is written meanwhile does not make the file disagree with its own summary. */
async function* eventsUpTo(stub: Source, tenant: string, last: number): AsyncGenerator<PipelineEvent[]> {
  for (let since = 0; since < last; ) {
    const page = must(await stub.events(tenant, since, Math.min(PAGE, last - since)));
    if (page.length === 0) return;
    since = page.at(-1)?.seq ?? last;
    yield page;
  }
}

/** The members of the file, in order, as JSON text. The last ones derive from the events that were written before them. */
async function* parts(asked: Asked, stub: Source, pipeline_id: string): AsyncGenerator<string> {
  const { tenant } = asked.caller;
  const orchestration = must(await stub.orchestration(tenant, null));
  const consensus = must(await stub.consensus(tenant));
  const lineage = await lineageOf(asked, pipeline_id);
  const { problem } = orchestration.blackboard;
  const head = { pipeline_id, orchestration, consensus, log: orchestration.log, lineage };
  yield `${JSON.stringify(head).slice(0, -1)},"documents":[`;
  for (const [i, document] of problem.documents.entries()) {
    const texts = await stub.documents(tenant, [document.sha256]);
    yield `${i > 0 ? ',' : ''}${JSON.stringify({ ...document, text: texts[document.sha256] ?? null })}`;
  }
  yield '],"events":[';
  let state = initialState;
  for await (const page of eventsUpTo(stub, tenant, orchestration.pipeline.seq)) {
    const begun = state.seq > 0;
    for (const event of page) state = evolve(state, event);
    yield `${begun ? ',' : ''}${JSON.stringify(page).slice(1, -1)}`;
  }
  yield `],"failure_contexts":${JSON.stringify(failureContexts(state))}}`;
}

/**
 * REC-1, `download_log`: all that a person needs to review a run by hand, as one JSON file that is read as it is sent: summary, blackboard,
 * actions and log, the context documents with their texts, every event, and why each generation failed. What cannot be read at the
 * beginning is a problem; what fails later breaks the stream off, because half a file must not pass for a whole one.
 */
export async function reviewFile(
  asked: Asked,
  stub: Source,
  pipeline_id: string,
): Promise<ReadableStream<Uint8Array>> {
  const texts = parts(asked, stub, pipeline_id);
  const encoder = new TextEncoder();
  let next = await texts.next();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next.done) return controller.close();
        controller.enqueue(encoder.encode(next.value));
        next = await texts.next();
      },
    },
    { highWaterMark: 1 },
  );
}
