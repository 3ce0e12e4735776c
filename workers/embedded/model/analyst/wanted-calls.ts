import { addresses } from './addresses.ts';
import type { Reading } from './reading.ts';

/** Tools that this seat wants before it answers; each is called once. */
export function wantedCalls(reading: Reading): { tool: string; arguments: Record<string, unknown> }[] {
  const { seat, board, documents, switches, used } = reading;
  if (switches.forbidden && !used.some(({ tool }) => tool === switches.forbidden?.action)) {
    return [{ tool: switches.forbidden.action, arguments: { target: switches.forbidden.target } }];
  }
  const done = board.findings.some(({ author }) => author === seat);
  if (done || (seat !== 'ALPHA' && seat !== 'PLANNER')) return [];
  const inspect = documents
    .filter(({ terraform }) => terraform)
    .map(({ name }) => ({ tool: 'terraform_inspect', arguments: { document: name } }));
  const fetch =
    seat === 'ALPHA' ? addresses(reading).map(({ url }) => ({ tool: 'http_get', arguments: { url } })) : [];
  return [...inspect, ...fetch].filter(
    (call) =>
      reading.tools.has(call.tool) &&
      !used.some(
        ({ tool, arguments: given }) =>
          tool === call.tool && JSON.stringify(given) === JSON.stringify(call.arguments),
      ),
  );
}
