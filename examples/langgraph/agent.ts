// A LangGraph.js graph whose one node calls tools: the wrapped function is all that changes. A refusal reaches the graph as a message.
// Registered with: ags connect langgraph --tool restart_service=reversible
import { tool } from '@langchain/core/tools';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import * as z from 'zod';
import { Denied, governor } from '../../client/govern.ts';

const govern = governor();
const restart = tool(
  govern('restart_service', ({ host }: { host: string }) => `restarted ${host}`, {
    target: ({ host }) => host,
  }),
  { name: 'restart_service', description: 'Restarts a service', schema: z.object({ host: z.string() }) },
);

const State = Annotation.Root({
  hosts: Annotation<string[]>,
  said: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

async function act({ hosts }: typeof State.State) {
  const [host = '', ...rest] = hosts;
  const said = await restart.invoke({ host }).catch((error: unknown) => {
    if (error instanceof Denied) return `denied: ${error.message}`;
    throw error;
  });
  return { hosts: rest, said: [String(said)] };
}

const graph = new StateGraph(State)
  .addNode('act', act)
  .addEdge(START, 'act')
  .addConditionalEdges('act', ({ hosts }) => (hosts.length > 0 ? 'act' : END))
  .compile();

const { said } = await graph.invoke({ hosts: ['sandbox-web-1', 'prod-web-1'] });
console.log(said.join('\n'));
