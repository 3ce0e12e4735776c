import type { Usage } from '#domain/pipeline/event/steps.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { callOptions } from './call-options.ts';
import { dependency, fromStream, fromThrown } from './errors.ts';
import { languageModel } from './provider.ts';
import { charactersOf, nothingYet, type Received, receive } from './received.ts';
import { type ModelError, type ModelFailure, type ModelRequest, TIMEOUTS } from './types.ts';
import { usageOf } from './usage.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** Far above any max_tokens: an endpoint that never ends is not to fill the Worker's memory. */
const MAX_CHARACTERS = 4_000_000;
class EndlessAnswer extends Error {}

/** One request and its whole streamed answer, unjudged. */
export interface Answered extends Pick<Received, 'text' | 'calls' | 'finish'> {
  usage: Usage;
}

function silent(provider: string, watchdog: Watchdog): ModelError | null {
  const why = watchdog.reason();
  if (why === null) return null;
  if (why === 'cancelled') return dependency('cancelled', 'The step was stopped.', false);
  const when = why === 'first_token' ? 'did not begin to answer' : 'fell silent while answering';
  return dependency('model_timeout', `Model provider ${provider} ${when} within its time.`, true);
}

const size = (request: ModelRequest<unknown>): number =>
  request.messages.reduce((sum, message) => sum + message.text.length, 0);

/** Sends the request to the model `name` and reads the stream to its end. Never throws. */
export async function exchange(
  request: ModelRequest<unknown>,
  name: string,
  baseUrl: string,
  schemaIn: 'response_format' | 'prompt' = 'response_format',
): Promise<Result<Answered, ModelFailure>> {
  const provider = request.choice.provider;
  const watchdog = startWatchdog(request.signal, request.timeouts ?? TIMEOUTS);
  const began = Date.now();
  const state = nothingYet();
  const say = (note: string) => {
    watchdog.touch();
    request.onProgress(note);
  };
  const read = async () => {
    const { model, call } = languageModel(request, name, baseUrl);
    const { stream } = await model.doStream({
      ...callOptions(request, schemaIn === 'prompt', watchdog.signal),
      ...call,
    });
    for await (const part of stream) {
      receive(state, part, say);
      if (charactersOf(state) > MAX_CHARACTERS) throw new EndlessAnswer();
    }
  };
  const usage = () =>
    usageOf({
      provider,
      asked: name,
      reported: state.reported,
      characters_in: size(request),
      characters_out: charactersOf(state),
      latency_ms: Date.now() - began,
      prices: request.prices ?? {},
      price: request.choice.price,
    });
  // PIPE-11: a provider that has begun to answer has read the prompt, and bills it.
  const broke = (error: ModelError) => err({ ...error, usage: charactersOf(state) > 0 ? usage() : null });
  try {
    await Promise.race([read(), watchdog.aborted]);
  } catch (thrown) {
    if (thrown instanceof EndlessAnswer)
      return broke(
        dependency('model_malformed_stream', `Model provider ${provider} does not end its answer.`, true),
      );
    return broke(silent(provider, watchdog) ?? fromThrown(provider, thrown, Date.now()));
  } finally {
    watchdog.stop();
  }
  const timedOut = silent(provider, watchdog);
  if (timedOut !== null) return broke(timedOut);
  if (state.error !== null) return broke(fromStream(provider, state.error));
  if (state.text.trim() === '' && state.calls.length === 0 && state.finish !== 'content-filter')
    return broke(
      dependency(
        'model_empty_answer',
        `Model provider ${provider} ended its answer without saying anything.`,
        true,
      ),
    );
  return ok({ text: state.text, calls: state.calls, finish: state.finish, usage: usage() });
}
