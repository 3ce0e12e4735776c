import embedded, { RedisObject, VaultObject } from '#workers/embedded/main.ts';

export { RedisObject, VaultObject };

/**
 * What the product reaches over HTTP in the bench: the embedded Vault and store, and a model that answers at once with the shortest
 * course of a pipeline: ALPHA proposes, BETA approves what it sees in the round after.
 */
export default {
  async fetch(request: Request, env: Parameters<typeof embedded.fetch>[1]): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!pathname.endsWith('/chat/completions')) return embedded.fetch(request, env);
    const body = await request.text();
    return stream(answerTo(body));
  },
};

const SILENT = { findings: [], proposal: null, votes: [], messages: [] };

function answerTo(body: string): object {
  const schema = /"name":"(planner_report|research_turn|synthesis_turn)"/.exec(body)?.[1];
  const proposal = /\bpp_[a-z0-9]+_\d+\b/.exec(body)?.[0];
  if (schema === 'planner_report')
    return { summary: 'Nothing to do.', tasks: [], risks: [], proposed_actions: [], complexity: 1 };
  if (schema === 'research_turn' && !proposal)
    return {
      ...SILENT,
      proposal: { revises: null, title: 'Go', body: 'Go ahead.', steps: [], actions: [], citations: [] },
    };
  if (schema === 'synthesis_turn' && proposal) {
    const vote = { vote: 'approve', confidence: 90, reason: 'Sound.', critical: false, citations: [] };
    return { ...SILENT, votes: [{ proposal_id: proposal, revision: 1, ...vote }] };
  }
  return SILENT;
}

function stream(answer: object): Response {
  const chunk = (rest: object): string =>
    `data: ${JSON.stringify({ id: 'bench', object: 'chat.completion.chunk', created: 0, model: 'bench', ...rest })}\n\n`;
  const delta = (d: object, finish_reason: string | null = null): string =>
    chunk({ choices: [{ index: 0, delta: d, finish_reason }] });
  const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };
  return new Response(
    delta({ role: 'assistant', content: JSON.stringify(answer) }) +
      delta({}, 'stop') +
      chunk({ choices: [], usage }) +
      'data: [DONE]\n\n',
    { headers: { 'content-type': 'text/event-stream' } },
  );
}
