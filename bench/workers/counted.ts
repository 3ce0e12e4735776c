import type { Env } from '#workers/config.ts';
import { countCalls, countD1, counted, countFetches, countStorage } from './counters.ts';
import product, * as objects from './product.ts';

countFetches();

/** The product with counters around it, which take their time: what they count is not timed. */
export class PipelineObject extends objects.PipelineObject {
  constructor(...args: ConstructorParameters<typeof objects.PipelineObject>) {
    countStorage(args[0].storage);
    super(...args);
  }
}
export const { ControlObject, FeedObject, DirectoryObject, LogObject } = objects;
/** The product's own class, below the bench's. */
const { prototype } = objects.PipelineObject;
for (const one of [
  Object.getPrototypeOf(prototype),
  ControlObject.prototype,
  FeedObject.prototype,
  LogObject.prototype,
])
  countCalls(one);

const wrapped = new WeakMap<Env, Env>();
function counting(env: Env): Env {
  const known = wrapped.get(env) ?? { ...env, LEDGER: countD1(env.LEDGER) };
  wrapped.set(env, known);
  return known;
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> | Response {
    const { pathname } = new URL(request.url);
    return pathname === '/__bench/counters' ? Response.json(counted) : product.fetch(request, env, ctx);
  },
  queue(batch: MessageBatch, env: Env) {
    counted.messages += batch.messages.length;
    return product.queue(batch, counting(env));
  },
  scheduled: product.scheduled,
};
