interface Context {
  request: Request;
  env: { API: { fetch(request: Request): Promise<Response> } };
}

/** Everything under /api goes to the Worker as it came: a binding passes WebSocket upgrades and cookies through. */
export const onRequest = ({ request, env }: Context): Promise<Response> => env.API.fetch(request);
