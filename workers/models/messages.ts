import type { PromptMessage, PromptMessages } from '#domain/agents/prompts/index.ts';
import type { CallOptions } from './provider.ts';

type WireMessage = CallOptions['prompt'][number];

function toWire(message: PromptMessage): WireMessage {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.text };
    case 'user':
      return { role: 'user', content: [{ type: 'text', text: message.text }] };
    case 'assistant':
      return {
        role: 'assistant',
        content: [
          ...(message.text === '' ? [] : [{ type: 'text' as const, text: message.text }]),
          ...message.calls.map((call) => ({
            type: 'tool-call' as const,
            toolCallId: call.call_id,
            toolName: call.tool,
            input: call.arguments,
          })),
        ],
      };
    case 'tool':
      return {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: message.call_id,
            toolName: message.tool,
            output: { type: 'text', value: message.text },
          },
        ],
      };
  }
}

export const toWireMessages = (messages: PromptMessages): CallOptions['prompt'] => messages.map(toWire);
