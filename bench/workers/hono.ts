import { DurableObject } from 'cloudflare:workers';
import { Hono } from 'hono';

/** What an API on this platform costs at least: a framework's route and an answer that is at hand; the same with one call to an object. */
export class TextObject extends DurableObject {
  #text = '';

  set(text: string): void {
    this.#text = text;
  }
  get(): string {
    return this.#text;
  }
}

interface Env {
  TEXT: DurableObjectNamespace<TextObject>;
}

let text = '';
const asJson = (body: string): Response =>
  new Response(body, { headers: { 'content-type': 'application/json' } });

const app = new Hono<{ Bindings: Env }>();
app.put('/text', async (c) => {
  text = await c.req.text();
  await c.env.TEXT.getByName('text').set(text);
  return c.body(null, 204);
});
app.get('/text', () => asJson(JSON.stringify(JSON.parse(text))));
app.get('/text-of-object', async (c) => asJson(await c.env.TEXT.getByName('text').get()));

export default app;
