// OpenAI Agents SDK: the tool's `execute` is the wrapped function. The model here is a script, so that the example runs offline; with a
// real one only `model` changes.
// Registered with: ags connect openai-agents --tool restart_service=reversible
import { Agent, type Model, type ModelResponse, Runner, tool, Usage } from '@openai/agents-core';
import * as z from 'zod';
import { governor } from '../../client/govern.ts';

const govern = governor();
const restart = tool({
  name: 'restart_service',
  description: 'Restarts a service',
  parameters: z.object({ host: z.string() }),
  execute: govern('restart_service', ({ host }: { host: string }) => `restarted ${host}`, {
    target: ({ host }) => host,
  }),
  errorFunction: (_context, error) => `denied: ${error instanceof Error ? error.message : String(error)}`,
});

/** Calls the tool for each host, then repeats what it was told. */
class ScriptedModel implements Model {
  readonly #hosts = ['sandbox-web-1', 'prod-web-1'];
  #calls = 0;

  async getResponse({ input }: Parameters<Model['getResponse']>[0]): Promise<ModelResponse> {
    const host = this.#hosts.shift();
    this.#calls += 1;
    if (host !== undefined) {
      const call = {
        type: 'function_call',
        callId: `call_${this.#calls}`,
        name: 'restart_service',
        arguments: JSON.stringify({ host }),
        status: 'completed',
      } as const;
      return { usage: new Usage(), output: [call] };
    }
    const results = Array.isArray(input) ? input.filter((item) => item.type === 'function_call_result') : [];
    const text = results
      .map((item) => (typeof item.output === 'string' ? item.output : JSON.stringify(item.output)))
      .join('\n');
    return {
      usage: new Usage(),
      output: [
        { type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text }] },
      ],
    };
  }

  // The runner streams only when it is asked to.
  getStreamedResponse(): never {
    throw new Error('this model does not stream');
  }
}

const agent = new Agent({
  name: 'operator',
  instructions: 'Restart what you are told.',
  model: new ScriptedModel(),
  tools: [restart],
});
const result = await new Runner({ tracingDisabled: true }).run(agent, 'Restart the web servers.');
console.log(result.finalOutput);
