import { collectSecrets, redact } from '#domain/inspection/index.ts';
import { answerLimit, fingerprint } from '../completion.ts';
import { type Answer, type ChatRequest, textOf } from '../protocol.ts';
import { conform, fill } from './conform.ts';
import { relevantPassages, statements } from './evidence.ts';
import { mediate } from './mediation.ts';
import { plannerReport } from './planner.ts';
import { type Reading, read, schemaName } from './reading.ts';
import { shortened } from './shorten.ts';
import { takeTurn } from './turn.ts';
import { wantedCalls } from './wanted-calls.ts';

export { read } from './reading.ts';

const FORMS: Record<string, (reading: Reading, limit: number) => unknown> = {
  planner_report: plannerReport,
  research_turn: (reading, limit) => shortened(takeTurn(reading).output, limit),
  synthesis_turn: (reading, limit) => shortened(takeTurn(reading).output, limit),
  mediation_turn: (reading, limit) => shortened(mediate(reading), limit),
};

/** What the passages say, as plain text: for callers that ask for no form, or for one that is not known here. */
function plainText(reading: Reading): string {
  const points = statements(relevantPassages(reading));
  return points.length > 0
    ? points.map(({ title }) => title).join('\n')
    : 'Nothing in the context answers this. This is an extractive analyst, not a language model.';
}

function content(request: ChatRequest, reading: Reading): string {
  const form = FORMS[schemaName(request) ?? ''];
  const format = request.response_format;
  const schema = format?.type === 'json_schema' ? format.json_schema.schema : undefined;
  if (form) {
    const filled = form(reading, answerLimit(request));
    return JSON.stringify(schema ? conform(filled, schema) : filled);
  }
  if (schema) return JSON.stringify(fill(schema, plainText(reading)));
  return format?.type === 'json_object' ? JSON.stringify({ answer: plainText(reading) }) : plainText(reading);
}

/** Calls to make now; a call that the request forces comes with what arguments can be known. */
function calls(request: ChatRequest, reading: Reading): Answer['tool_calls'] {
  if (reading.tools.size === 0) return [];
  const wanted = wantedCalls(reading);
  const { must_call } = reading;
  const forced = must_call && !reading.used.some(({ tool }) => tool === must_call);
  const chosen =
    forced && !wanted.some(({ tool }) => tool === must_call)
      ? [{ tool: must_call, arguments: fillArguments(request, must_call, reading) }]
      : wanted;
  return chosen.slice(0, request.parallel_tool_calls === false ? 1 : 8).map((call) => {
    const text = JSON.stringify(call.arguments);
    return { id: `call_${fingerprint(`${call.tool}${text}`)}`, name: call.tool, arguments: text };
  });
}

function fillArguments(request: ChatRequest, name: string, reading: Reading): Record<string, unknown> {
  const tool = request.tools?.find((one) => one.function.name === name);
  const filled = fill(tool?.function.parameters ?? {}, reading.objective.slice(0, 200));
  return typeof filled === 'object' && filled !== null ? (filled as Record<string, unknown>) : {};
}

/**
 * RUN-5: answers a chat request from nothing but the request: no memory, no clock, no chance. Secrets that stand in the context are
 * taken out of whatever is answered (SEC-3).
 */
export function analyse(request: ChatRequest): Answer {
  const reading = read(request);
  const tool_calls = calls(request, reading);
  if (tool_calls.length > 0) return { content: null, tool_calls };
  const secrets = [
    ...reading.documents.flatMap(({ text }) => collectSecrets(text)),
    ...request.messages
      .filter(({ role }) => role === 'tool')
      .flatMap((message) => collectSecrets(textOf(message))),
  ].flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  return { content: redact(content(request, reading), [...new Set(secrets)]), tool_calls: [] };
}
