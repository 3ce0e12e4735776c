import { handleModel } from '#workers/embedded/model/index.ts';
import type { StepWorld } from '../../03-agent-execution/step-world.ts';
import { answers, type Fault } from './line.ts';

const encoder = new TextEncoder();
const chunk = (delta: object, finish_reason: string | null = null, more: object = {}): object => ({
  id: 'c-1',
  object: 'chat.completion.chunk',
  created: 0,
  model: 'extractive-1',
  choices: [{ index: 0, delta, finish_reason }],
  ...more,
});
const events = (...parts: (object | string)[]): string =>
  parts.map((p) => `data: ${typeof p === 'string' ? p : JSON.stringify(p)}\n\n`).join('');
const stream = (body: BodyInit): Response =>
  new Response(body, { headers: { 'content-type': 'text/event-stream' } });

const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
/** A whole, well-formed answer that says this. */
export const says =
  (text: string, reported: object = usage, finish = 'stop'): Fault =>
  async () =>
    stream(
      events(
        chunk({ content: text }),
        chunk({}, finish),
        chunk({}, null, { choices: [], usage: reported }),
        '[DONE]',
      ),
    );

export const errorInStream =
  (error: object): Fault =>
  async () =>
    stream(events(chunk({ content: '{"summary": "half' }), { error }));

/** An error and nothing else, under a 200. */
export const errorAsBody = (error: object): Fault =>
  answers(200, { error }, { 'content-type': 'application/json' });

/** The connection breaks in the middle of a sentence. */
export const cutOff: Fault = async () =>
  stream(
    new ReadableStream({
      start(controller) {
        controller.enqueue(encoder.encode(events(chunk({ content: '{"summary": "half' }))));
      },
      pull(controller) {
        controller.error(new TypeError('terminated'));
      },
    }),
  );

/** Comments that keep the connection open, and no token; after `before`, if that is given. */
export const keepsAlive =
  (before = ''): Fault =>
  async () => {
    let timer: ReturnType<typeof setInterval> | null = null;
    return stream(
      new ReadableStream({
        start(controller) {
          if (before !== '') controller.enqueue(encoder.encode(events(chunk({ content: before }))));
          timer = setInterval(() => controller.enqueue(encoder.encode(': keep-alive\n\n')), 5);
        },
        cancel: () => clearInterval(timer ?? undefined),
      }),
    );
  };

/** Never ends, and never comes to anything. */
export const endless: Fault = async () => {
  const more = encoder.encode(events(chunk({ content: 'and so on '.repeat(10_000) })));
  return stream(new ReadableStream({ pull: (controller) => controller.enqueue(more) }));
};

/** The true answer, reporting another usage. */
export const reports =
  (reported: object): Fault =>
  async (_, pass) => {
    const text = await (await pass()).text();
    const parts = text.split('\n\n').map((event) => {
      if (!event.includes('"usage":{')) return event;
      return `data: ${JSON.stringify({ ...JSON.parse(event.slice('data: '.length)), usage: reported })}`;
    });
    return stream(parts.join('\n\n'));
  };

/** From now on the embedded model answers, except that calls of these seats meet the fault, `times` of them. Says how often it was met. */
export function between(
  w: StepWorld,
  key: string,
  seats: readonly string[],
  fault: Fault,
  times: number,
): { met: number } {
  const seen = { met: 0 };
  w.model = async (request) => {
    const body = (await request.clone().json()) as { embedded?: { seat: string } };
    const pass = () => handleModel(request, { EMBEDDED_MODEL_KEY: key });
    if (!seats.includes(body.embedded?.seat ?? '') || seen.met >= times) return pass();
    seen.met += 1;
    return fault(request, pass);
  };
  return seen;
}
