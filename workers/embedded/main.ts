import { type IRequest, IttyRouter } from 'itty-router';
import { controlSchema } from './controls.ts';
import type { EmbeddedEnv } from './env.ts';
import { handleModel } from './model/index.ts';

export { RedisObject } from './redis/object.ts';
export { VaultObject } from './vault/object.ts';

/** One object of each kind holds all of a developer's data. */
const SINGLETON = 'main';
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

const json = (body: unknown, status = 200) => Response.json(body, { status });
const vault = (env: EmbeddedEnv) => env.VAULT.get(env.VAULT.idFromName(SINGLETON));
const redis = (env: EmbeddedEnv) => env.REDIS.get(env.REDIS.idFromName(SINGLETON));

/** The same request with its first path segment (the service's mount) taken off. */
function unmounted(request: IRequest, mount: string): Request {
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(mount.length) || '/';
  return new Request(url, request);
}

const router = IttyRouter<IRequest, [EmbeddedEnv]>();
router
  .get('/health', () =>
    json({
      embedded: true,
      services: {
        vault: { path: '/vault', protocol: 'vault' },
        redis: { path: '/redis', protocol: 'upstash-rest' },
        model: { path: '/openai/v1', protocol: 'openai-chat-completions' },
      },
    }),
  )
  .all('/vault/*', (request, env) => vault(env).fetch(unmounted(request, '/vault')))
  .all('/redis', (request, env) => redis(env).fetch(unmounted(request, '/redis')))
  .all('/redis/*', (request, env) => redis(env).fetch(unmounted(request, '/redis')))
  .all('/openai/*', (request, env) => handleModel(unmounted(request, '/openai'), env))
  .post('/_test', async (request, env) => {
    if (env.EMBEDDED_TEST_CONTROLS !== '1') return json({ error: 'test controls are off' }, 404);
    const control = controlSchema.safeParse(await request.json().catch(() => null));
    if (!control.success) return json({ error: control.error.message }, 400);
    const order = control.data;
    if (order.control === 'clock') {
      await vault(env).advanceClock(order.advance_ms);
      await redis(env).advanceClock(order.advance_ms);
    } else if (order.service === 'vault') await vault(env).setFault(order.fault);
    else await redis(env).setFault(order.fault);
    return json({ ok: true });
  })
  .all('*', () => json({ error: 'no such embedded service; GET /health lists them' }, 404));

/** An exception here is a defect of these services; the answer is marked like any other, and holds nothing of it. */
function defect(error: unknown): Response {
  console.error('the embedded services failed', error);
  return json({ error: 'the embedded services failed; their log says why' }, 500);
}

export default {
  async fetch(request: Request, env: EmbeddedEnv): Promise<Response> {
    if (!LOOPBACK.has(new URL(request.url).hostname)) {
      return json({ error: 'embedded services answer on loopback only' }, 403);
    }
    const answer: Response = await router.fetch(request, env).catch(defect);
    const response = new Response(answer.body, answer);
    response.headers.set('X-AGS-Embedded', '1');
    return response;
  },
};
